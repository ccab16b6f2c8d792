// console.table(): rows in boxes, as node draws them.

import { inspect } from "../web/inspect.js";

const { Map, Set } = globalThis;
const { keys, hasOwn } = Object;
const { isArray } = Array;

const INDEX = "(index)";
const ITERATION_INDEX = "(iteration index)";
const KEY = "Key";
const VALUES = "Values";
const MAX_ROWS = 1000;

/** null for what has no rows. `only` names the columns to show. */
export function formatTable(data: unknown, only: string[] | null): string | null {
  if (typeof data !== "object" || data === null) return null;
  const rows = rowsOf(data).slice(0, MAX_ROWS);
  const isMap = data instanceof Map;
  const heads = [isMap || data instanceof Set ? ITERATION_INDEX : INDEX];
  if (isMap) heads.push(KEY);

  const columns = new Set<string>(only ?? []);
  let hasPrimitives = false;
  for (const { value } of rows) {
    if (typeof value !== "object" || value === null) hasPrimitives = true;
    else if (only === null) for (const key of keys(value)) columns.add(key);
  }
  const names = [...columns];
  const body = rows.map(({ index, key, value }) => {
    const cells = isMap ? [index, show(key)] : [index];
    const record = typeof value === "object" && value !== null ? value : null;
    for (const name of names) {
      const has = record !== null && hasOwn(record, name);
      cells.push(has ? show((record as Record<string, unknown>)[name]) : "");
    }
    if (hasPrimitives) cells.push(record === null ? show(value) : "");
    return cells;
  });
  return draw([...heads, ...names, ...(hasPrimitives ? [VALUES] : [])], body);
}

interface Row {
  index: string;
  key?: unknown;
  value: unknown;
}

function rowsOf(data: object): Row[] {
  if (data instanceof Map) {
    return [...data].map(([key, value], at) => ({ index: `${at}`, key, value }));
  }
  if (data instanceof Set) return [...data].map((value, at) => ({ index: `${at}`, value }));
  if (isArray(data)) return data.map((value, at) => ({ index: `${at}`, value }));
  return Object.entries(data).map(([index, value]) => ({ index, value }));
}

function show(value: unknown): string {
  return inspect(value, { depth: 0 }).replaceAll("\n", " ");
}

function draw(head: string[], rows: string[][]): string {
  const widths = head.map(
    (name, column) => Math.max(name.length, ...rows.map((row) => row[column]!.length)) + 2,
  );
  const rule = (left: string, middle: string, right: string): string =>
    left + widths.map((width) => "─".repeat(width)).join(middle) + right;
  const line = (cells: string[]): string =>
    `│${cells.map((cell, column) => ` ${cell}`.padEnd(widths[column]!)).join("│")}│`;
  return [
    rule("┌", "┬", "┐"),
    line(head),
    rule("├", "┼", "┤"),
    ...rows.map(line),
    rule("└", "┴", "┘"),
  ].join("\n");
}
