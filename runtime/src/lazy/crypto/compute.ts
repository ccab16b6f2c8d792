// Where an operation is computed: on the spot, which costs 40 µs and lets nobody else run, or by the
// host's pool, which costs a turn.

import { callNative, type NativeOptions, startNative } from "../../natives.js";
import { TypedArrayBuffer, TypedArrayByteLength } from "../../primordials.js";

/** Bytes that take less than a tenth of a millisecond. */
const MUCH = 64 * 1024;

export function isMuch(data: Uint8Array): boolean {
  return TypedArrayByteLength(data) > MUCH;
}

/** A promise of what `then` makes of the result. Of secrets, it should make a key. */
export function compute<R, T>(
  heavy: boolean,
  name: string,
  options: NativeOptions,
  data: Uint8Array[],
  then: (result: R) => T | PromiseLike<T>,
): Promise<T> {
  if (heavy) return startNative(name, options, data, (result) => then(result as R));
  return new Promise((resolve) => resolve(then(callNative(name, options, data) as R)));
}

/** At once. */
export function computeNow<R>(name: string, options: NativeOptions, data: Uint8Array[]): R {
  return callNative(name, options, data) as R;
}

/** The buffer of bytes that came from the host. */
export function bufferOf(bytes: Uint8Array): ArrayBuffer {
  return TypedArrayBuffer(bytes) as ArrayBuffer;
}
