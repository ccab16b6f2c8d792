// User Timing §3: marks and measures. As on the platform they are the isolate's, in the order in
// which they were made, and a mark that is not there is at zero.

import { now } from "../../clock.js";
import { listCopy, listFilter, safeList, toArray } from "../../primordials.js";
import { toDictionary } from "../../web/webidl.js";
import { newMeasure, type PerformanceEntry, PerformanceMark } from "./entries.js";
import { tellObservers } from "./observer.js";

const { Number } = globalThis;

/** The oldest go when there are more: a Worker that never clears them must not grow for ever. */
const MAX_ENTRIES = 10_000;

interface MeasureOptions {
  detail?: unknown;
  start?: unknown;
  end?: unknown;
  duration?: unknown;
}

/** What is kept of an entry, whatever a Worker does to its getters. */
interface Kept {
  readonly entry: PerformanceEntry;
  readonly type: "mark" | "measure";
  readonly name: string;
  readonly start: number;
}

let kept = safeList<Kept>();

export function mark(name: unknown, options: unknown): PerformanceEntry {
  const text = `${name}`;
  const entry = new PerformanceMark(text, options as object);
  return keep(entry, "mark", text, entry.startTime);
}

export function measure(name: unknown, first: unknown, endMark: unknown): PerformanceEntry {
  const text = `${name}`;
  const options =
    typeof first === "string"
      ? { start: first, end: endMark }
      : toDictionary<MeasureOptions>(first, "PerformanceMeasureOptions");
  const { start, end = endMark, duration, detail } = options as MeasureOptions;
  const length = duration === undefined ? null : Number(duration);

  let to = end === undefined ? now() : timeOf(end);
  let from = start === undefined ? 0 : timeOf(start);
  if (length !== null && start !== undefined && end === undefined) to = from + length;
  if (length !== null && start === undefined) from = to - length;
  return keep(newMeasure(text, from, to - from, detail), "measure", text, from);
}

export function clearEntries(type: "mark" | "measure", name?: unknown): void {
  const text = name === undefined ? null : `${name}`;
  kept = listFilter(kept, (one) => one.type !== type || (text !== null && one.name !== text));
}

/** All of them, or those of a name, a type, or both. */
export function getEntries(name?: unknown, type?: unknown): PerformanceEntry[] {
  const text = name === undefined ? null : `${name}`;
  const kind = type === undefined ? null : `${type}`;
  const found = safeList<PerformanceEntry>();
  for (let i = 0; i < kept.length; i++) {
    const one = kept[i] as Kept;
    if (text !== null && one.name !== text) continue;
    if (kind !== null && one.type !== kind) continue;
    found[found.length] = one.entry;
  }
  return toArray(listCopy(found));
}

function keep<E extends PerformanceEntry>(
  entry: E,
  type: Kept["type"],
  name: string,
  start: number,
): E {
  if (kept.length === MAX_ENTRIES) {
    let dropped = 0;
    kept = listFilter(kept, () => ++dropped > MAX_ENTRIES / 2);
  }
  kept[kept.length] = { entry, type, name, start };
  tellObservers(entry, type, getEntries);
  return entry;
}

/** A time, or the mark of that name that was made last. */
function timeOf(value: unknown): number {
  if (typeof value === "number") return value;
  const name = `${value}`;
  for (let i = kept.length - 1; i >= 0; i--) {
    const one = kept[i] as Kept;
    if (one.type === "mark" && one.name === name) return one.start;
  }
  return 0;
}
