// V8 looks for garbage everywhere before it refuses a buffer that is too large for what is left. The
// host has no other way to know how much memory a Worker really holds.

const { ArrayBuffer } = globalThis;

/** More than any isolate may have. */
const TOO_LARGE = 2 ** 40;

export function collectGarbage(): number {
  try {
    return new ArrayBuffer(TOO_LARGE).byteLength;
  } catch {
    return 0;
  }
}
