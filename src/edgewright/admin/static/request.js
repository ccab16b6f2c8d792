/** One request: what it waited for, what could be better, what it said, and how it failed. */

import { ApiFailure, getRequest } from "./api.js";
import { h } from "./dom.js";
import { clock, count, duration, place, quantity, shortUrl, visible } from "./format.js";
import { statusOf } from "./requests.js";
import { waterfall } from "./waterfall.js";

/** @import { AdviceView, ExceptionView, LogView, RequestDetail, View } from "./shapes.d.ts" */

const ADVICE = /** @type {Record<string, string>} */ ({
  sequential: "One after the other",
  duplicate: "Asked for twice",
  buffered: "Read only to be passed on",
  queued: "Waited for a connection",
  floating: "Not awaited",
  limit: "Close to a limit",
  upstream: "Slow without a time-out",
});

/**
 * @param {string} id
 * @param {string} back where the list is that it was opened from
 * @returns {View}
 */
export function requestView(id, back) {
  const content = h("div", {}, h("p", { class: "empty" }, "Loading…"));
  const link = h("a", { class: "back", href: back, "aria-keyshortcuts": "Escape" }, "Requests");
  let loaded = false;
  return {
    title: "Request",
    element: h("div", { class: "detail" }, h("nav", { "aria-label": "Back" }, link), content),
    async refresh() {
      if (loaded) return; // it is over, and stays as it is
      try {
        content.replaceChildren(...sections(await getRequest(id)));
      } catch (error) {
        if (!(error instanceof ApiFailure && error.status === 404)) throw error;
        const gone = "This request is not kept any more. Only the most recent ones are.";
        content.replaceChildren(h("p", { class: "empty" }, gone));
      }
      loaded = true;
      const head = content.querySelector("h1");
      if (document.activeElement === document.body) head?.focus({ preventScroll: true });
    },
    key(event) {
      if (event.key === "Escape") {
        location.hash = back;
        return true;
      }
      if (["j", "k", "ArrowDown", "ArrowUp"].includes(event.key)) {
        const row = content.querySelector('.waterfall tr[tabindex="0"]');
        if (row instanceof HTMLElement && document.activeElement !== row) {
          row.focus();
          return true;
        }
      }
      return false;
    },
  };
}

/**
 * @param {RequestDetail} detail
 * @returns {HTMLElement[]}
 */
function sections(detail) {
  const { request, trace, advice, logs, exceptions, headers, truncated } = detail;
  const found = [headOf(detail)];
  if (exceptions.length > 0) found.push(section("Exception", ...exceptions.map(exceptionOf)));
  if (advice.length > 0) {
    found.push(section("Advice", h("ul", { class: "advice" }, ...advice.map(adviceOf))));
  }
  if (trace !== null) found.push(section("Waterfall", waterfall(trace)));
  else found.push(section("Waterfall", h("p", { class: "quiet" }, untraced(request.outcome))));
  if (logs.length > 0) found.push(section("Logs", logsOf(logs)));
  if (Object.keys(headers).length > 0) found.push(headersOf(headers));
  if (truncated) {
    found.push(h("p", { class: "quiet" }, "More happened than is kept: the rest is left out."));
  }
  return found;
}

/** @param {RequestDetail} detail */
function headOf({ request }) {
  const facts = h("dl", { class: "facts head" });
  /** @param {string} term @param {...(Node | string)} what */
  function fact(term, ...what) {
    facts.append(h("div", {}, h("dt", {}, term), h("dd", {}, ...what)));
  }
  fact("Wall time", quantity(duration(request.wall_ms)));
  fact("CPU time", quantity(duration(request.cpu_ms)));
  fact("Subrequests", count(request.subrequests));
  if (request.operations) fact("Binding calls", count(request.operations));
  fact(
    "Worker",
    h("bdi", {}, visible(request.worker)),
    " ",
    h("code", { class: "version" }, visible(request.version)),
  );
  fact("Came", clock(request.time * 1000));
  if (request.ray) fact("Ray", h("code", {}, visible(request.ray)));
  if (request.trace_id) fact("Trace", h("code", {}, visible(request.trace_id)));
  return h(
    "header",
    {},
    h(
      "h1",
      { tabindex: -1 },
      statusOf(request),
      h("span", { class: "method" }, visible(request.method)),
      h("bdi", { title: visible(request.url) }, shortUrl(request.url)),
    ),
    facts,
  );
}

/** @param {AdviceView} advice */
function adviceOf({ kind, text, at, saves_ms }) {
  return h(
    "li",
    {},
    h(
      "h3",
      {},
      ADVICE[kind] ?? visible(kind),
      saves_ms !== null &&
        h("span", { class: "saves" }, "up to ", quantity(duration(saves_ms)), " less"),
    ),
    h("p", {}, h("bdi", {}, visible(text))),
    at.length > 0 && h("p", { class: "places" }, ...at.map((each) => h("code", {}, place(each)))),
  );
}

/** @param {ExceptionView} exception */
function exceptionOf({ name, message, stack }) {
  const head = `${name}: ${message}`;
  const frames = stack.startsWith(head) ? stack.slice(head.length).replace(/^\n/, "") : stack;
  return h(
    "div",
    { class: "exception" },
    h("p", {}, h("strong", {}, visible(name)), ": ", h("bdi", {}, visible(message))),
    frames &&
      h("pre", { tabindex: 0, "aria-label": "Stack" }, visible(frames.replaceAll("worker:/", ""))),
  );
}

/** @param {LogView[]} logs */
function logsOf(logs) {
  return h(
    "table",
    { class: "logs" },
    h("caption", { class: "sr" }, "What the Worker logged"),
    h(
      "thead",
      { class: "sr" },
      h("tr", {}, ...["When", "Level", "Message"].map((text) => h("th", { scope: "col" }, text))),
    ),
    h(
      "tbody",
      {},
      ...logs.map(({ at_ms, level, message }) =>
        h(
          "tr",
          { class: ["warn", "error", "debug"].includes(level) ? level : null },
          h("td", { class: "number" }, quantity(duration(at_ms))),
          h("td", { class: "level" }, visible(level)),
          h("td", {}, h("pre", {}, visible(message))),
        ),
      ),
    ),
  );
}

/** @param {Record<string, string>} headers */
function headersOf(headers) {
  const entries = Object.entries(headers);
  return h(
    "details",
    {},
    h("summary", {}, "Headers", h("span", { class: "quiet" }, ` ${entries.length}`)),
    h(
      "dl",
      { class: "headers" },
      ...entries.map(([name, value]) =>
        h("div", {}, h("dt", {}, visible(name)), h("dd", {}, h("bdi", {}, visible(value)))),
      ),
    ),
  );
}

/** @param {string} outcome */
function untraced(outcome) {
  return outcome === "ok"
    ? "This request was not traced."
    : "This request never got to an isolate, so there is nothing to show of it.";
}

/**
 * @param {string} title
 * @param {...Node} children
 */
function section(title, ...children) {
  return h("section", {}, h("h2", {}, title), ...children);
}
