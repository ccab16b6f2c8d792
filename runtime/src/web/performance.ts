// High Resolution Time §7. As on the platform, the time origin is 1970, and time stands still while
// code runs (see clock.ts). What few Workers use is in a script of its own.

import { now } from "../clock.js";
import { loadLazy } from "../lazy.js";
import { EventTarget } from "./events.js";
import { defineInterface, requireArguments } from "./webidl.js";

const { TypeError } = globalThis;
const { apply } = Reflect;

type Lazy = typeof import("../lazy/performance.js");
const lazy = (): Lazy => loadLazy("performance") as Lazy;

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
    return lazy().mark(name, options);
  }

  measure(name: unknown, startOrOptions?: unknown, endMark?: unknown): object {
    requireArguments("Performance.measure", arguments.length, 1);
    return lazy().measure(name, startOrOptions, endMark);
  }

  clearMarks(name?: unknown): void {
    lazy().clearEntries("mark", name);
  }

  clearMeasures(name?: unknown): void {
    lazy().clearEntries("measure", name);
  }

  getEntries(): object[] {
    return lazy().getEntries();
  }

  getEntriesByName(name: unknown, type?: unknown): object[] {
    requireArguments("Performance.getEntriesByName", arguments.length, 1);
    return lazy().getEntries(name, type);
  }

  getEntriesByType(type: unknown): object[] {
    requireArguments("Performance.getEntriesByType", arguments.length, 1);
    return lazy().getEntries(undefined, type);
  }

  // --- What the platform has, where nothing is measured -------------------------------------------

  /** Event Timing §3.6: no events come from users. */
  get eventCounts(): object {
    return lazy().eventCounts();
  }

  /** Resource Timing §4.5: there are no entries for subrequests. */
  clearResourceTimings(): void {}

  setResourceTimingBufferSize(_size: unknown): void {
    requireArguments("Performance.setResourceTimingBufferSize", arguments.length, 1);
  }

  markResourceTiming(): void {}

  /** Node.js's: there is no event loop to look at. */
  get nodeTiming(): object {
    return lazy().nodeTiming();
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
