// CPU time that no request is charged for: of what the runtime layer does once in an isolate, when a
// Worker first needs it. It is not the Worker's doing that it is not in the snapshot.

import { host } from "./host.js";

/** Milliseconds since the last call of takeUncharged(). */
let uncharged = 0;
let depth = 0;

/** Does work that is nobody's. Never a Worker's code. */
export function unchargedly<T>(work: () => T): T {
  const before = host.cpuClock();
  depth++;
  try {
    return work();
  } finally {
    depth--;
    if (depth === 0) {
      const used = host.cpuClock() - before;
      uncharged += used;
      host.pardon(used);
    }
  }
}

export function takeUncharged(): number {
  const taken = uncharged;
  uncharged = 0;
  return taken;
}
