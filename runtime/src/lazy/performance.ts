// High Resolution Time §7. As on the platform, the time origin is 1970, and time stands still while
// code runs (see clock.ts). The entries are in a script of their own, as few Workers make any.

import { now } from "../clock.js";
import { loadLazy } from "../lazy.js";
import { EventTarget } from "../web/events.js";
import { defineInterface, requireArguments } from "../web/webidl.js";

const { TypeError } = globalThis;
const { apply } = Reflect;

type Entries = typeof import("./performance_entries.js");
const entries = (): Entries => loadLazy("performance_entries") as Entries;

let made = false;

export class Performance extends EventTarget {
  constructor() {
    if (made) throw new TypeError("Illegal constructor");
    super();
    made = true;
  }

  get timeOrigin(): number {
    return 0;
  }

  now(): number {
    return now();
  }

  toJSON(): { timeOrigin: number } {
    return { timeOrigin: 0 };
  }

  // --- User Timing §3 and Performance Timeline §3 -------------------------------------------------

  mark(name: unknown, options?: unknown): object {
    requireArguments("Performance.mark", arguments.length, 1);
    return entries().mark(name, options);
  }

  measure(name: unknown, startOrOptions?: unknown, endMark?: unknown): object {
    requireArguments("Performance.measure", arguments.length, 1);
    return entries().measure(name, startOrOptions, endMark);
  }

  clearMarks(name?: unknown): void {
    entries().clearEntries("mark", name);
  }

  clearMeasures(name?: unknown): void {
    entries().clearEntries("measure", name);
  }

  getEntries(): object[] {
    return entries().getEntries();
  }

  getEntriesByName(name: unknown, type?: unknown): object[] {
    requireArguments("Performance.getEntriesByName", arguments.length, 1);
    return entries().getEntries(name, type);
  }

  getEntriesByType(type: unknown): object[] {
    requireArguments("Performance.getEntriesByType", arguments.length, 1);
    return entries().getEntries(undefined, type);
  }

  // --- What the platform has, where nothing is measured -------------------------------------------

  /** Event Timing §3.6: no events come from users. */
  get eventCounts(): object {
    return entries().eventCounts();
  }

  /** Resource Timing §4.5: there are no entries for subrequests. */
  clearResourceTimings(): void {}

  setResourceTimingBufferSize(_size: unknown): void {
    requireArguments("Performance.setResourceTimingBufferSize", arguments.length, 1);
  }

  markResourceTiming(): void {}

  /** Node.js's: there is no event loop to look at. */
  get nodeTiming(): object {
    return entries().nodeTiming();
  }

  eventLoopUtilization(): object {
    return { idle: 0, active: 0, utilization: 0 };
  }

  timerify(callback: unknown): unknown {
    if (typeof callback !== "function") {
      throw new TypeError("Performance.timerify: the argument is not a function");
    }
    return (...values: unknown[]) => apply(callback, undefined, values);
  }
}

defineInterface("Performance", Performance);

export const performance = new Performance();
