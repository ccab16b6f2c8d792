// High Resolution Time §7: the clock, since the isolate's start.

import { monotonicNow } from "../engine.js";
import { defineInterface } from "./webidl.js";

const dateNow = Date.now;

let origin: { readonly monotonic: number; readonly epoch: number } | null = null;

/** The isolate starts: nothing of the snapshot's own time must show. */
export function startClock(): void {
  origin = { monotonic: monotonicNow(), epoch: dateNow() };
}

/** Milliseconds since the isolate's start. */
export function now(): number {
  return monotonicNow() - (origin?.monotonic ?? 0);
}

// Performance is an EventTarget in the standard only for the sake of the resource timing buffer,
// which is not here.
export class Performance {
  get timeOrigin(): number {
    return origin?.epoch ?? 0;
  }

  now(): number {
    return now();
  }

  toJSON(): { timeOrigin: number } {
    return { timeOrigin: this.timeOrigin };
  }
}

defineInterface("Performance", Performance);

export const performance = new Performance();
