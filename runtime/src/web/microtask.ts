// HTML §8.8: queueMicrotask().

import { reportException } from "../errors.js";
import { requireArguments } from "./webidl.js";

const { TypeError } = globalThis;
const { apply } = Reflect;
const enqueue = (globalThis as unknown as { queueMicrotask(task: () => void): void })
  .queueMicrotask;

export function queueMicrotask(callback: unknown): void {
  requireArguments("queueMicrotask", arguments.length, 1);
  if (typeof callback !== "function") {
    throw new TypeError(
      "Failed to execute 'queueMicrotask': parameter 1 is not of type 'Function'.",
    );
  }
  enqueue(() => {
    try {
      apply(callback, undefined, []);
    } catch (error) {
      // Nobody else would hear of it, and the engine would give up the whole isolate.
      reportException(error);
    }
  });
}
