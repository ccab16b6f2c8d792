// High Resolution Time §7. As on the platform, the time origin is 1970, and time stands still while
// code runs (see clock.ts).

import { now } from "../clock.js";
import { defineInterface } from "./webidl.js";

// Performance is an EventTarget in the standard only for the sake of the resource timing buffer,
// which is not here.
export class Performance {
  get timeOrigin(): number {
    return 0;
  }

  now(): number {
    return now();
  }

  toJSON(): { timeOrigin: number } {
    return { timeOrigin: 0 };
  }
}

defineInterface("Performance", Performance);

export const performance = new Performance();
