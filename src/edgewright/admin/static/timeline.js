/**
 * A request's spans as rows of bars, the same that `edgewright dev` shows (observe/waterfall.py):
 * all turns of a request are one row, as most are short; a subrequest is a row, and what the Worker
 * behind it did is below it.
 */

import { duration, plain, shortUrl, visible } from "./format.js";

/** @import { SpanView } from "./shapes.d.ts" */

/**
 * @typedef {object} Bar
 * @property {string} part what it stands for: "turn", "cold", "setup", "wait", "body" …
 * @property {number} start
 * @property {number} end milliseconds since the request came, as all times
 *
 * @typedef {object} Row
 * @property {number} depth
 * @property {SpanView} span
 * @property {string} label
 * @property {string} note what else there is to say in a word
 * @property {string} figure
 * @property {Bar[]} bars
 * @property {SpanView[]} turns of a request's row
 * @property {Row | null} parent
 */

const WORTH_A_ROW = 0.1;
const PARTS = /** @type {Record<string, string>} */ ({
  queued: "setup",
  dns: "setup",
  connect: "setup",
  tls: "setup",
  wait: "wait",
  body: "body",
});

/**
 * @param {SpanView} root
 * @returns {Row[]}
 */
export function rowsOf(root) {
  return [...rowsOfRequest(root, 0, null)];
}

/**
 * When the last of it was over.
 *
 * @param {Row[]} rows
 */
export function endOf(rows) {
  return Math.max(
    0.001,
    ...rows.map((row) => Math.max(row.span.end_ms, ...row.bars.map((bar) => bar.end))),
  );
}

/**
 * Where an axis has its marks: round numbers, `most` at most.
 *
 * @param {number} end
 * @param {number} most
 * @returns {number[]}
 */
export function ticks(end, most) {
  const rough = end / most;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = power * (rough <= power ? 1 : rough <= 2 * power ? 2 : rough <= 5 * power ? 5 : 10);
  return Array.from({ length: Math.floor(end / step) + 1 }, (_, number) => number * step);
}

/**
 * @param {SpanView} request
 * @param {number} depth
 * @param {Row | null} parent
 * @returns {Generator<Row>}
 */
function* rowsOfRequest(request, depth, parent) {
  const turns = request.children.filter((span) => span.kind === "turn");
  /** @type {Row} */
  const own = {
    depth,
    span: request,
    label: visible(String(request.attributes.worker ?? request.name)),
    note: turns.length === 1 ? "1 turn" : `${turns.length} turns`,
    figure: `${plain(duration(Number(request.attributes.cpu_ms ?? 0)))} CPU`,
    bars: turns.map(({ start_ms, end_ms }) => ({ part: "turn", start: start_ms, end: end_ms })),
    turns,
    parent,
  };
  yield own;
  for (const span of request.children) {
    if (span.kind === "turn") continue;
    if (span.kind === "queue" && span.end_ms - span.start_ms < WORTH_A_ROW) continue;
    const row = rowOf(span, depth + 1, own);
    yield row;
    for (const part of span.children) {
      if (part.kind === "request") yield* rowsOfRequest(part, depth + 2, row);
    }
  }
}

/**
 * @param {SpanView} span
 * @param {number} depth
 * @param {Row} parent
 * @returns {Row}
 */
function rowOf(span, depth, parent) {
  /** @type {Bar[]} */
  const bars = [];
  let told = span.start_ms;
  for (const { kind, start_ms, end_ms } of span.children) {
    const part = PARTS[kind];
    if (part === undefined) continue;
    bars.push({ part, start: start_ms, end: end_ms });
    told = Math.max(told, end_ms);
  }
  if (bars.length === 0 || told < span.end_ms) {
    bars.push({ part: `whole ${span.kind}`, start: told, end: span.end_ms });
  }
  return {
    depth,
    span,
    label: labelOf(span),
    note: noteOf(span),
    figure: plain(duration(span.end_ms - span.start_ms)),
    bars,
    turns: [],
    parent,
  };
}

/** @param {SpanView} span */
function labelOf({ kind, name, attributes }) {
  if (kind === "fetch") {
    const url = shortUrl(String(attributes.url)).replace(/[?#].*/s, "");
    return `${visible(String(attributes.method))} ${url}`;
  }
  if (kind === "service") return visible(`${attributes.service} ${attributes.method}`);
  return visible(`${name} ${attributes.detail ?? ""}`.trim());
}

/** @param {SpanView} span */
function noteOf({ error, attributes }) {
  if (attributes.floating) return "given up";
  if (attributes.status) return String(attributes.status);
  return error ? "failed" : "";
}
