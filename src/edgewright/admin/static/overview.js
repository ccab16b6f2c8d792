/** Overview: how the node and each version of each Worker are doing. */

import { getOverview } from "./api.js";
import { h, setChildren, setText } from "./dom.js";
import {
  bytes,
  count,
  duration,
  percent,
  perSecond,
  plain,
  quantity,
  uptime,
  visible,
} from "./format.js";
import { requestsHref } from "./routes.js";
import { sparkline } from "./sparkline.js";

/** @import { NodeOverview, Overview, Quantiles, View, WorkerOverview } from "./shapes.d.ts" */
/** @import { Quantity } from "./format.js" */

const FINE = new Set(["ok", "canceled", "responseStreamDisconnected"]);

/** @returns {View} */
export function overviewView() {
  const facts = h("dl", { class: "node", "aria-label": "This server" });
  const list = h("div", { class: "workers" });
  const empty = h("p", { class: "empty", hidden: true }, "No Worker is in service.");
  const window = h("p", { class: "quiet window" });
  const loading = h("p", { class: "empty" }, "Loading…");
  const element = h(
    "div",
    { class: "overview" },
    h("h1", { class: "sr" }, "Overview"),
    facts,
    loading,
    empty,
    list,
    window,
  );
  const cards = /** @type {Map<string, WorkerCard>} */ (new Map());

  /** @param {Overview} overview */
  function show(overview) {
    loading.hidden = true;
    facts.replaceChildren(...nodeFacts(overview.node, overview.total));
    setText(window, `Figures are of the last ${uptime(overview.window_seconds)}.`);
    empty.hidden = overview.workers.length > 0;
    const shown = overview.workers.map((worker) => {
      const key = `${worker.worker}@${worker.version}`;
      const card = cards.get(key) ?? workerCard(worker);
      cards.set(key, card);
      card.update(worker);
      return card.element;
    });
    setChildren(list, shown);
  }

  return {
    title: "Overview",
    element,
    async refresh() {
      show(await getOverview());
    },
  };
}

/**
 * @param {NodeOverview} node
 * @param {WorkerOverview} total
 */
function nodeFacts(node, total) {
  const restarts = node.host_restarts + node.gateway_restarts;
  /** @type {[string, Node | string, string?][]} */
  const facts = [
    ["Requests", quantity(perSecond(total.rate))],
    ["In flight", count(node.in_flight)],
    ["Isolates", count(node.isolates)],
    ["Memory", quantity(bytes(node.memory_bytes))],
    ["Gateways", count(node.gateways)],
    ["Hosts", count(node.hosts)],
    ["Restarts", count(restarts), restarts > 0 ? "bad" : ""],
    ["Up for", uptime(node.uptime_seconds)],
  ];
  if (node.waiting > 0) facts.splice(2, 0, ["Waiting", count(node.waiting)]);
  if (node.evictions > 0) facts.push(["Evictions", count(node.evictions), "bad"]);
  return facts.map(([term, what, look]) =>
    h("div", {}, h("dt", {}, term), h("dd", { class: look || null }, what)),
  );
}

/** @typedef {{ element: HTMLElement, update: (worker: WorkerOverview) => void }} WorkerCard */

/**
 * @param {WorkerOverview} first
 * @returns {WorkerCard}
 */
function workerCard(first) {
  const { worker, version, current } = first;
  const requests = tile("Requests", "accent");
  const errors = tile("Errors", "bad");
  const wall = tile("Wall time, p50", "accent");
  const cpu = tile("CPU time, p50", "ink");
  const more = h("dl", { class: "more" });
  const state = h("span", { class: "quiet" });
  const element = h(
    "section",
    { class: "card" },
    h(
      "header",
      {},
      h("h2", {}, h("bdi", {}, visible(worker))),
      version && h("code", { class: "version" }, visible(version)),
      state,
      h(
        "a",
        { href: requestsHref({ worker }) },
        "Requests",
        h("span", { class: "sr" }, ` of ${visible(worker)}`),
      ),
    ),
    h("div", { class: "tiles" }, requests.element, errors.element, wall.element, cpu.element),
    more,
  );
  element.classList.toggle("old", !current);
  return {
    element,
    update(now) {
      element.classList.toggle("old", !now.current);
      setText(state, now.current ? "" : "earlier version");
      const { series } = now;
      const span = uptime(series.requests.length * series.seconds);
      const each = series.requests.map((value) => value / series.seconds);
      requests.update(perSecond(now.rate), each, `Requests per second in ${span}`, [
        ["In all", count(now.requests)],
        ["Most", plain(perSecond(Math.max(0, ...each)))],
        ["Since start", count(now.total_requests)],
      ]);
      errors.update(
        percent(now.requests ? now.errors / now.requests : null),
        series.errors,
        `Errors in ${span}`,
        errorLines(now),
      );
      errors.element.classList.toggle("none", now.errors === 0);
      wall.update(
        duration(now.wall_ms.p50),
        series.p50_ms,
        `Median wall time in ${span}`,
        quantiles(now.wall_ms),
      );
      const perRequest = series.cpu_ms.map((ms, at) => {
        const made = series.requests[at] ?? 0;
        return made ? ms / made : null;
      });
      cpu.update(
        duration(now.cpu_ms.p50),
        perRequest,
        `CPU time per request in ${span}`,
        quantiles(now.cpu_ms),
      );
      more.replaceChildren(...moreFacts(now));
    },
  };
}

/** @param {WorkerOverview} worker */
function moreFacts(worker) {
  /** @type {[string, Node | string][]} */
  const facts = [
    ["Subrequests per request", count(worker.subrequests_per_request)],
    ["Binding calls per request", count(worker.operations_per_request)],
    ["Cache hits", quantity(percent(worker.cache_hit_ratio))],
    ["Cold starts", count(worker.cold_starts)],
    ["Isolates", count(worker.isolates)],
    ["Memory", quantity(bytes(worker.memory_bytes))],
  ];
  return facts.map(([term, what]) => h("div", {}, h("dt", {}, term), h("dd", {}, what)));
}

/**
 * The outcomes that are no success, the most frequent first.
 *
 * @param {WorkerOverview} worker
 * @returns {[string, string][]}
 */
function errorLines({ outcomes, total_errors }) {
  const found = Object.entries(outcomes)
    .filter(([outcome, times]) => !FINE.has(outcome) && times > 0)
    .sort(([, a], [, b]) => b - a)
    .map(([outcome, times]) => /** @type {[string, string]} */ ([outcome, count(times)]));
  return found.length > 0 ? found : [["Since start", count(total_errors)]];
}

/**
 * @param {Quantiles} of
 * @returns {[string, string][]}
 */
function quantiles({ p95, p99 }) {
  return [
    ["p95", plain(duration(p95))],
    ["p99", plain(duration(p99))],
  ];
}

/**
 * A figure, its recent course, and what belongs to it.
 *
 * @param {string} title
 * @param {string} look
 */
function tile(title, look) {
  const figure = h("p", { class: "figure" });
  const lines = h("dl", {});
  const chart = sparkline(look);
  return {
    element: h("div", { class: "tile" }, h("h3", {}, title), figure, chart.element, lines),
    /**
     * @param {Quantity} value
     * @param {(number | null)[]} course
     * @param {string} label
     * @param {[string, string][]} rest
     */
    update(value, course, label, rest) {
      figure.replaceChildren(quantity(value));
      chart.update(course, `${label}; now ${plain(value)}`);
      lines.replaceChildren(
        ...rest.map(([term, what]) => h("div", {}, h("dt", {}, term), h("dd", {}, what))),
      );
    },
  };
}
