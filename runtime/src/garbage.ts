// V8 looks for garbage everywhere before it refuses a buffer that is too large for what is left. The
// host has no other way to know how much memory a Worker really holds.

import { runMicrotasks } from "./engine.js";

const { ArrayBuffer } = globalThis;

/** More than any isolate may have. */
const TOO_LARGE = 2 ** 40;

export function collectGarbage(): number {
  // What a WeakRef was asked for stays until the end of a job.
  runMicrotasks();
  try {
    return new ArrayBuffer(TOO_LARGE).byteLength;
  } catch {
    return 0;
  }
}
