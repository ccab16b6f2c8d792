// What a call gives has a disposer, which disposes all stubs in it and tells the other side.
// https://developers.cloudflare.com/workers/runtime-apis/rpc/lifecycle/

import { type StubState, stateOf } from "./client.js";
import { disposeStubs } from "./decode.js";
import { dataCloneError } from "./errors.js";

const { isArray } = Array;
const { defineProperty } = Reflect;

/**
 * A result is sent as [value], or as [value, stub], where disposing the stub lets the callee's own
 * disposer run.
 */
export function addDisposer(result: unknown[], stubs: StubState[]): unknown {
  if (!isArray(result)) throw dataCloneError("A value that came over RPC is malformed.");
  const value = result[0];
  const alone = (typeof value !== "object" && typeof value !== "function") || value === null;
  // A stub has a disposer already.
  if (alone || stateOf(value) !== undefined) return value;
  defineProperty(value, Symbol.dispose, {
    __proto__: null,
    value: () => disposeStubs(stubs),
    writable: true,
    configurable: true,
  } as PropertyDescriptor);
  return value;
}
