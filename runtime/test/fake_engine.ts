// What src/engine.ts captures from deno_core, in terms of node.

import { types } from "node:util";

export const encodeUtf8 = (text: string): Uint8Array => new TextEncoder().encode(text);
export const decodeUtf8 = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);
export const monotonicNow = (): number => performance.now();
export const {
  isProxy,
  isPromise,
  isNativeError,
  isAnyArrayBuffer,
  isMap,
  isSet,
  isDate,
  isRegExp,
} = types;

/** deno_core throws a TypeError for what cannot be cloned. */
export function engineClone(value: unknown): unknown {
  try {
    return structuredClone(value);
  } catch (error) {
    if ((error as Error).name === "DataCloneError") throw new TypeError((error as Error).message);
    throw error;
  }
}
