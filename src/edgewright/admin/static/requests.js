/** The live list of requests. */

import { getOverview, getRequests } from "./api.js";
import { h, setChildren, setText } from "./dom.js";
import { clock, count, duration, hostAndPath, quantity, visible } from "./format.js";
import { requestHref, requestsHref } from "./routes.js";

/** @import { RequestSummary, View } from "./shapes.d.ts" */
/** @import { Filter } from "./routes.js" */

const PAGE = 100;
const MOST = 1000;
const OUTCOMES = [
  "ok",
  "exception",
  "exceededCpu",
  "exceededMemory",
  "exceededWallTime",
  "loadShed",
  "rateLimited",
  "canceled",
  "responseStreamDisconnected",
  "internalError",
];
const COLUMNS = /** @type {const} */ ([
  ["Time", "clock"],
  ["Status", "status"],
  ["Request", "request"],
  ["Worker", "worker"],
  ["Subrequests", "number subrequests"],
  ["CPU", "number cpu"],
  ["Wall", "number wall"],
]);

/**
 * @param {Filter} filter
 * @param {string} opened the request that was looked at last: its row gets the focus
 * @returns {View}
 */
export function requestsView(filter, opened) {
  const search = h("input", {
    type: "search",
    placeholder: "Search URLs, logs, errors",
    "aria-label": "Search",
    "aria-keyshortcuts": "/",
    value: filter.search ?? "",
    autocomplete: "off",
    spellcheck: "false",
  });
  const worker = choice("Worker", { "": "All Workers" }, filter.worker);
  const outcomes = { "": "All outcomes", error: "All failures", ...named(OUTCOMES) };
  const outcome = choice("Outcome", outcomes, filter.outcome);
  const pause = h(
    "button",
    { type: "button", "aria-pressed": "false", "aria-keyshortcuts": "p" },
    "Pause",
  );
  const note = h("p", { class: "quiet note", role: "status" });
  const body = h("tbody");
  const more = h("button", { type: "button", class: "older", hidden: true }, "Show older");
  const table = h(
    "table",
    { class: "requests" },
    h("caption", { class: "sr" }, "Requests, newest first"),
    h(
      "thead",
      {},
      h("tr", {}, ...COLUMNS.map(([text, look]) => h("th", { scope: "col", class: look }, text))),
    ),
    body,
  );
  const empty = h("p", { class: "empty" }, "Loading…");
  const element = h(
    "div",
    { class: "list" },
    h("h1", { class: "sr" }, "Requests"),
    h("form", { class: "filters", role: "search" }, search, worker, outcome, pause, note),
    table,
    empty,
    more,
  );

  /** @type {RequestSummary[]} */
  let shown = [];
  const rows = /** @type {Map<string, HTMLTableRowElement>} */ (new Map());
  let paused = false;
  let missed = 0;
  /** @type {string | null} */
  let older = null;
  let toFocus = opened;
  let workersNamed = false;

  /** @param {RequestSummary[]} requests */
  function show(requests) {
    shown = requests.slice(0, MOST);
    const longest = Math.max(1, ...shown.map((request) => request.wall_ms));
    const ids = new Set(shown.map((request) => request.id));
    for (const id of rows.keys()) if (!ids.has(id)) rows.delete(id);
    const elements = shown.map((request) => {
      const row = rows.get(request.id) ?? rowOf(request);
      rows.set(request.id, row);
      const bar = row.querySelector("i");
      if (bar) bar.style.width = `${(request.wall_ms / longest) * 100}%`;
      return row;
    });
    setChildren(body, elements);
    table.hidden = elements.length === 0;
    empty.hidden = elements.length > 0;
    const filtered = Object.values(current()).some(Boolean);
    setText(
      empty,
      filtered ? "No request is like that." : "No requests yet. They appear here as they finish.",
    );
    more.hidden = older === null;
    if (toFocus) rows.get(toFocus)?.querySelector("a")?.focus();
    toFocus = "";
  }

  async function nameWorkers() {
    const overview = await getOverview();
    const known = new Set([...worker.options].map((option) => option.value));
    const names = new Set(overview.workers.map((each) => each.worker));
    for (const name of names) if (!known.has(name)) worker.append(optionOf(name, name, false));
  }

  /** @returns {Filter} */
  function current() {
    const [chosenWorker, chosenOutcome] = [worker, outcome].map((each) => each.value);
    return {
      worker: chosenWorker ?? "",
      outcome: chosenOutcome ?? "",
      search: search.value.trim(),
    };
  }

  async function refresh() {
    if (paused) return;
    const asked = current();
    const page = await getRequests({ ...asked, limit: String(PAGE) });
    if (paused || requestsHref(asked) !== requestsHref(current())) return;
    const known = new Set(page.requests.map((request) => request.id));
    const last = page.requests.at(-1);
    const rest = last ? shown.filter((each) => !known.has(each.id) && each.time <= last.time) : [];
    // What "Show older" has brought stays, as long as nothing lies between it and the new page.
    const joined = shown.some((each) => known.has(each.id));
    if (!joined || rest.length === 0) older = page.next;
    show(joined ? [...page.requests, ...rest] : page.requests);
  }

  async function showOlder() {
    if (older === null) return;
    const page = await getRequests({ ...current(), limit: String(PAGE), before: older });
    older = shown.length + page.requests.length < MOST ? page.next : null;
    show([...shown, ...page.requests]);
  }

  function setPaused() {
    paused = !paused;
    missed = 0;
    pause.setAttribute("aria-pressed", String(paused));
    setText(pause, paused ? "Go on" : "Pause");
    setText(note, paused ? "Paused" : "");
    return paused ? undefined : refresh();
  }

  async function refilter() {
    history.replaceState(null, "", requestsHref(current()));
    shown = [];
    older = null;
    await refresh();
    setText(note, `${count(shown.length)}${older ? "+" : ""} found`);
  }

  /** @param {Promise<void> | undefined} doing */
  function quietly(doing) {
    // A server that is away is told of by the connection's own line.
    doing?.catch(() => {});
  }

  let typing = 0;
  search.addEventListener("input", () => {
    clearTimeout(typing);
    typing = setTimeout(() => quietly(refilter()), 150);
  });
  for (const each of [worker, outcome]) {
    each.addEventListener("change", () => quietly(refilter()));
  }
  pause.addEventListener("click", () => quietly(setPaused()));
  more.addEventListener("click", () => quietly(showOlder()));
  element.querySelector("form")?.addEventListener("submit", (event) => event.preventDefault());
  body.addEventListener("click", (event) => {
    const row = event.target instanceof Element ? event.target.closest("tr") : null;
    // Whoever marks text does not want to leave.
    if (row && getSelection()?.isCollapsed) row.querySelector("a")?.click();
  });

  return {
    title: "Requests",
    element,
    async refresh() {
      if (!workersNamed) await nameWorkers();
      workersNamed = true;
      await refresh();
    },
    finished() {
      if (!paused) return;
      missed += 1;
      setText(note, `Paused, ${count(missed)} more`);
    },
    key(event) {
      if (event.key === "/") {
        search.focus();
        search.select();
      } else if (event.key === "p") {
        quietly(setPaused());
      } else {
        return moved(event.key, [...body.querySelectorAll("a")]);
      }
      return true;
    },
  };
}

/**
 * Moves the focus among a list's links.
 *
 * @param {string} key
 * @param {HTMLAnchorElement[]} links
 * @returns {boolean} whether the key is for that
 */
function moved(key, links) {
  const at = links.findIndex((link) => link.matches(":focus"));
  const to = {
    j: at + 1,
    ArrowDown: at + 1,
    k: Math.max(at - 1, 0),
    ArrowUp: Math.max(at - 1, 0),
    Home: 0,
    End: links.length - 1,
  }[key];
  if (to === undefined) return false;
  links[Math.min(to, links.length - 1)]?.focus();
  return true;
}

/** @param {RequestSummary} request */
function rowOf(request) {
  const failed = request.outcome !== "ok";
  const [host, path] = hostAndPath(request.url);
  const subrequests = request.subrequests ? count(request.subrequests) : "";
  return h(
    "tr",
    { class: failed ? "failed" : null },
    h("td", { class: "clock" }, h("time", {}, clock(request.time * 1000))),
    h("td", { class: "status" }, statusOf(request)),
    h(
      "td",
      { class: "request" },
      h(
        "div",
        { class: "line" },
        h(
          "a",
          { href: requestHref(request.id), title: visible(request.url) },
          h("span", { class: "method" }, visible(request.method)),
          " ",
          h("bdi", {}, path),
          h("bdi", { class: "host" }, host),
        ),
        ...marksOf(request),
      ),
      request.error && h("bdi", { class: "error" }, visible(request.error)),
    ),
    h("td", { class: "worker" }, h("bdi", {}, visible(request.worker))),
    h("td", { class: "number subrequests" }, subrequests),
    h("td", { class: "number cpu" }, quantity(duration(request.cpu_ms))),
    h(
      "td",
      { class: "number wall" },
      quantity(duration(request.wall_ms)),
      h("i", { class: "share" }),
    ),
  );
}

/** @param {RequestSummary} request */
export function statusOf({ status, outcome }) {
  const look = outcome !== "ok" && outcome !== "canceled" ? "bad" : status >= 400 ? "poor" : "fine";
  const words = outcome === "ok" ? String(status) : status ? `${status} ${outcome}` : outcome;
  return h("span", { class: `badge ${look}` }, words);
}

/** @param {RequestSummary} request */
function marksOf({ advice, cold, logs, service }) {
  /** @type {[boolean, string, string][]} */
  const marks = [
    [advice > 0, advice === 1 ? "1 advice" : `${advice} advice`, "mark accent"],
    [cold, "cold", "mark"],
    [service, "service", "mark"],
    [logs > 0, logs === 1 ? "1 log" : `${logs} logs`, "mark"],
  ];
  return marks.filter(([is]) => is).map(([, text, look]) => h("span", { class: look }, text));
}

/**
 * @param {string} label
 * @param {Record<string, string>} options what is shown, by value
 * @param {string | undefined} chosen
 */
function choice(label, options, chosen) {
  const all = Object.entries(chosen ? { ...options, [chosen]: textOf(options, chosen) } : options);
  return h(
    "select",
    { "aria-label": label },
    ...all.map(([value, text]) => optionOf(value, text, value === chosen)),
  );
}

/**
 * @param {Record<string, string>} options
 * @param {string} value perhaps none of theirs, as it is from the address
 */
function textOf(options, value) {
  return Object.hasOwn(options, value) ? (options[value] ?? value) : value;
}

/** @param {string[]} values */
function named(values) {
  return Object.fromEntries(values.map((value) => [value, value]));
}

/**
 * @param {string} value
 * @param {string} text
 * @param {boolean} selected
 */
function optionOf(value, text, selected) {
  return h("option", { value, selected }, visible(text));
}
