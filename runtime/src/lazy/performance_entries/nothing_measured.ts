// Interfaces of `performance` whose every number is zero, as on the platform.

import { SafeMap } from "../../primordials.js";
import { defineInterface } from "../../web/webidl.js";

/** Event Timing §3.5. */
class EventCounts {
  readonly #counts: SafeMap<string, number> = new SafeMap();

  get size(): number {
    return this.#counts.size;
  }

  get(type: string): number | undefined {
    return this.#counts.get(`${type}`);
  }

  has(type: string): boolean {
    return this.#counts.has(`${type}`);
  }

  entries(): IterableIterator<[string, number]> {
    return this.#counts.entries();
  }

  keys(): IterableIterator<string> {
    return this.#counts.keys();
  }

  values(): IterableIterator<number> {
    return this.#counts.values();
  }

  forEach(callback: (count: number, type: string, counts: EventCounts) => void): void {
    this.#counts.forEach((count, type) => {
      callback(count, type, this);
    });
  }

  [Symbol.iterator](): IterableIterator<[string, number]> {
    return this.#counts.entries();
  }
}

defineInterface("EventCounts", EventCounts);

const counts = new EventCounts();

export function eventCounts(): object {
  return counts;
}

/** https://nodejs.org/api/perf_hooks.html#class-performancenodetiming */
export function nodeTiming(): object {
  return {
    name: "node",
    entryType: "node",
    startTime: 0,
    duration: 0,
    nodeStart: 0,
    v8Start: 0,
    bootstrapComplete: 0,
    environment: 0,
    loopStart: 0,
    loopExit: 0,
    idleTime: 0,
    uvMetricsInfo: { loopCount: 0, events: 0, eventsWaiting: 0 },
  };
}
