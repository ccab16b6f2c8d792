/** The waterfall: a tree of rows with bars, all on one scale. */

import { h } from "./dom.js";
import { duration, place, plain, quantity, visible } from "./format.js";
import { endOf, rowsOf, ticks } from "./timeline.js";

/** @import { SpanView } from "./shapes.d.ts" */
/** @import { Row } from "./timeline.js" */

const MOST_ROWS = 500;
/** Percent that a bar is wide at least: one that takes no time would not be seen. */
const LEAST = 0.15;
const MARKS = 5;

const PART_NAMES = /** @type {Record<string, string>} */ ({
  queued: "Waited for a connection",
  dns: "Name lookup",
  connect: "TCP handshake",
  tls: "TLS handshake",
  wait: "Sent, until the first byte",
  body: "Body",
});
/** Attributes that the row shows already, or that have a line of their own. */
const SHOWN = new Set(["worker", "cpu_ms", "at", "floating", "outcome"]);

/**
 * @param {SpanView} root
 * @returns {HTMLElement}
 */
export function waterfall(root) {
  const rows = rowsOf(root);
  const end = endOf(rows);
  const shown = rows.slice(0, MOST_ROWS);
  const body = h("tbody");
  const elements = new Map(shown.map((row) => [row, rowElement(row, rows, end)]));
  body.append(...elements.values());
  if (rows.length > MOST_ROWS) {
    const more = `… and ${rows.length - MOST_ROWS} more`;
    body.append(h("tr", { class: "more" }, h("td", { colspan: 3 }, more)));
  }
  const table = h(
    "table",
    { class: "waterfall", role: "treegrid", "aria-label": "Waterfall" },
    h("thead", {}, h("tr", {}, th("What", "what"), axis(end), th("Time", "number"))),
    body,
  );
  const step = ticks(end, MARKS)[1];
  table.style.setProperty("--tick", step ? `${(step / end) * 100}%` : "100%");
  behave(elements);
  return h("div", { class: "waterfall-box" }, table, legend());
}

/**
 * Opening, closing and moving about, by pointer and by key, as in a treegrid of ARIA's.
 *
 * @param {Map<Row, HTMLTableRowElement>} elements
 */
function behave(elements) {
  const order = [...elements.keys()];
  const closed = /** @type {Set<Row>} */ (new Set());
  /** @type {{ row: Row, element: HTMLElement } | null} */
  let open = null;
  let current = order[0];

  /** @param {Row} row */
  function isHidden(row) {
    for (let above = row.parent; above !== null; above = above.parent) {
      if (closed.has(above)) return true;
    }
    return false;
  }

  /** @param {Row} row */
  function element(row) {
    return /** @type {HTMLTableRowElement} */ (elements.get(row));
  }

  /** @param {Row} row @param {boolean} unfolded */
  function fold(row, unfolded) {
    if (unfolded) closed.delete(row);
    else closed.add(row);
    element(row).setAttribute("aria-expanded", String(unfolded));
    for (const each of order) element(each).hidden = isHidden(each);
    if (open !== null) open.element.hidden = isHidden(open.row);
  }

  /** @param {Row} row */
  function toggleDetails(row) {
    const before = open;
    before?.element.remove();
    if (before) element(before.row).classList.remove("open");
    open = null;
    if (before?.row === row) return;
    open = { row, element: h("tr", { class: "details" }, h("td", { colspan: 3 }, details(row))) };
    element(row).after(open.element);
    element(row).classList.add("open");
  }

  /** @param {Row | undefined} row */
  function go(row) {
    if (row === undefined) return;
    if (current) element(current).tabIndex = -1;
    current = row;
    element(row).tabIndex = 0;
    element(row).focus();
  }

  /** @param {Row} row @param {1 | -1} by */
  function next(row, by) {
    let at = order.indexOf(row) + by;
    while (order[at] && isHidden(/** @type {Row} */ (order[at]))) at += by;
    return order[at];
  }

  if (current) element(current).tabIndex = 0;
  for (const [row, tr] of elements) {
    tr.addEventListener("click", (event) => {
      go(row);
      const onFold = event.target instanceof Element && event.target.closest(".fold") !== null;
      if (onFold && hasRows(row, order)) fold(row, closed.has(row));
      else toggleDetails(row);
    });
    tr.addEventListener("keydown", (event) => {
      if (event.ctrlKey || event.metaKey || event.altKey || event.target !== tr) return;
      const parent = hasRows(row, order);
      switch (event.key) {
        case "ArrowDown":
        case "j":
          go(next(row, 1));
          break;
        case "ArrowUp":
        case "k":
          go(next(row, -1));
          break;
        case "Home":
          go(order[0]);
          break;
        case "End":
          go(order.findLast((each) => !isHidden(each)));
          break;
        case "ArrowRight":
          if (parent && closed.has(row)) fold(row, true);
          else if (parent) go(next(row, 1));
          break;
        case "ArrowLeft":
          if (parent && !closed.has(row)) fold(row, false);
          else go(row.parent ?? undefined);
          break;
        case "Enter":
        case " ":
          toggleDetails(row);
          break;
        default:
          return;
      }
      event.preventDefault();
      event.stopPropagation();
    });
  }
}

/**
 * @param {Row} row
 * @param {Row[]} rows
 */
function hasRows(row, rows) {
  return rows.some((each) => each.parent === row);
}

/**
 * @param {Row} row
 * @param {Row[]} rows
 * @param {number} end
 */
function rowElement(row, rows, end) {
  const fold = hasRows(row, rows);
  const track = h("div", { class: "track" });
  for (const { part, start, end: until } of row.bars) {
    const bar = h("i", { class: `bar ${part}` });
    bar.style.left = `${(start / end) * 100}%`;
    bar.style.width = `${Math.max(((until - start) / end) * 100, LEAST)}%`;
    track.append(bar);
  }
  const name = h(
    "span",
    { class: "name" },
    h("span", { class: "fold", "aria-hidden": "true" }),
    h("bdi", { class: "label", title: row.label }, row.label),
    row.note && h("span", { class: "note" }, row.note),
  );
  name.style.setProperty("--depth", String(row.depth));
  const said = `from ${plain(duration(row.span.start_ms))} to ${plain(duration(row.span.end_ms))}`;
  return h(
    "tr",
    {
      role: "row",
      class: `${row.span.kind}${row.span.error ? " failed" : ""}`,
      tabindex: -1,
      "aria-level": row.depth + 1,
      "aria-expanded": fold ? "true" : null,
    },
    h("td", { role: "gridcell", class: "what" }, name),
    h("td", { role: "gridcell", class: "time" }, track, h("span", { class: "sr" }, said)),
    h("td", { role: "gridcell", class: "number" }, row.figure),
  );
}

/** @param {number} end */
function axis(end) {
  const scale = h("div", { class: "axis", "aria-hidden": "true" });
  for (const time of ticks(end, MARKS)) {
    if (time / end > 0.88) continue; // its number would not fit
    const mark = h("span", {}, plain(duration(time, false)));
    mark.style.left = `${(time / end) * 100}%`;
    scale.append(mark);
  }
  return h("th", { scope: "col", class: "time" }, h("span", { class: "sr" }, "When"), scale);
}

/** @param {Row} row */
function details(row) {
  const { span } = row;
  const facts = h("dl", { class: "facts" });
  /** @param {string} term @param {...(Node | string)} what */
  function fact(term, ...what) {
    facts.append(h("div", {}, h("dt", {}, term), h("dd", {}, ...what)));
  }
  if (span.kind === "fetch" || span.kind === "service") {
    fact("URL", h("bdi", { class: "code" }, visible(String(span.attributes.url))));
  }
  if (span.error) fact("Error", h("bdi", { class: "bad" }, visible(span.error)));
  if (span.attributes.floating) fact("Ended", "It was under way when the request ended");
  fact("From", quantity(duration(span.start_ms)));
  fact("Took", quantity(duration(span.end_ms - span.start_ms)));
  if (span.attributes.at) {
    fact("Called at", h("code", {}, place(String(span.attributes.at))));
  }
  for (const [key, value] of Object.entries(span.attributes)) {
    if (SHOWN.has(key) || key === "url") continue;
    fact(key === "reused" ? "Connection" : capital(key), factText(key, value));
  }
  const parts = row.turns.length > 0 ? turnsTable(row.turns) : partsTable(span);
  return h("div", { class: "details-box" }, facts, parts);
}

/**
 * @param {string} key
 * @param {string | number | boolean} value
 */
function factText(key, value) {
  if (key === "reused") return value ? "Reused" : "New";
  return visible(String(value));
}

/** @param {SpanView} span */
function partsTable(span) {
  const parts = span.children.filter((part) => part.kind in PART_NAMES);
  if (parts.length === 0) return null;
  return small(
    ["Part", "From", "Took"],
    parts.map((part) => [
      PART_NAMES[part.kind] ?? part.kind,
      quantity(duration(part.start_ms)),
      quantity(duration(part.end_ms - part.start_ms)),
    ]),
  );
}

/** @param {SpanView[]} turns */
function turnsTable(turns) {
  return small(
    ["Turn", "From", "Took", "CPU", "Events"],
    turns
      .slice(0, MOST_ROWS)
      .map((turn, number) => [
        String(number + 1),
        quantity(duration(turn.start_ms)),
        quantity(duration(turn.end_ms - turn.start_ms)),
        quantity(duration(Number(turn.attributes.cpu_ms))),
        String(turn.attributes.events ?? ""),
      ]),
  );
}

/**
 * @param {string[]} heads
 * @param {(Node | string)[][]} lines
 */
function small(heads, lines) {
  /** @param {number} column */
  const kind = (column) => (column === 0 ? "" : "number");
  return h(
    "table",
    { class: "small" },
    h("thead", {}, h("tr", {}, ...heads.map((head, column) => th(head, kind(column))))),
    h(
      "tbody",
      {},
      ...lines.map((cells) =>
        h("tr", {}, ...cells.map((cell, column) => h("td", { class: kind(column) }, cell))),
      ),
    ),
  );
}

function legend() {
  const entries = [
    ["turn", "Turn in the isolate"],
    ["setup", "Queued, connecting"],
    ["wait", "Waiting for the response"],
    ["body", "Body"],
    ["whole cold", "Cold start, queue"],
  ];
  return h(
    "ul",
    { class: "legend", "aria-hidden": "true" },
    ...entries.map(([part, text]) =>
      h("li", {}, h("i", { class: `bar ${part}` }), /** @type {string} */ (text)),
    ),
  );
}

/**
 * @param {string} text
 * @param {string} look
 */
function th(text, look) {
  return h("th", { scope: "col", class: look }, text);
}

/** @param {string} key */
function capital(key) {
  const text = visible(key.replaceAll("_", " "));
  return text.charAt(0).toUpperCase() + text.slice(1);
}
