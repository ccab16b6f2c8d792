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
  isStringObject,
  isBoxedPrimitive,
  isArrayBuffer,
  isGeneratorObject,
  isMapIterator,
  isSetIterator,
  isWeakMap,
  isWeakSet,
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

/** Only for promises that were made by settled() or rejected() of the test. */
export const promiseDetails = new WeakMap<Promise<unknown>, [0 | 1 | 2, unknown]>();

export function getPromiseDetails(promise: Promise<unknown>): [0 | 1 | 2, unknown] {
  return promiseDetails.get(promise) ?? [0, undefined];
}

/** Only for proxies whose parts were written down here. */
export const proxyDetails = new WeakMap<object, [unknown, unknown]>();

export function getProxyDetails(value: object): [unknown, unknown] | null {
  return proxyDetails.get(value) ?? null;
}
