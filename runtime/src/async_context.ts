// Values that follow the asynchronous flow: AsyncLocalStorage's, and others of the runtime layer.
// They are a part of V8's async context beside the request, and like it never change: who sets one
// makes a new context.

import { type AsyncContext, getAsyncContext, setAsyncContext } from "./engine.js";
import { currentRequest } from "./io.js";
import { SafeMap } from "./primordials.js";

const { Error } = globalThis;

export type ContextValues = SafeMap<object, unknown>;

export function getContextValue(key: object): unknown {
  return getAsyncContext()?.values?.get(key);
}

/** Calls `callback`; in it, and in all that follows from it, `key` has this value. */
export function runWithContextValue<T>(key: object, value: unknown, callback: () => T): T {
  const before = getAsyncContext();
  setContextValue(key, value);
  try {
    return callback();
  } finally {
    setAsyncContext(before);
  }
}

/** From here on, `key` has this value. */
export function setContextValue(key: object, value: unknown): void {
  const context = getAsyncContext();
  const values: ContextValues = new SafeMap();
  context?.values?.forEach((other, otherKey) => {
    values.set(otherKey, other);
  });
  if (value === undefined) values.delete(key);
  else values.set(key, value);
  setAsyncContext(withValues(context, values));
}

/** The values of this moment, to be restored by runIn(). */
export interface ContextSnapshot {
  readonly context: AsyncContext | undefined;
}

export function takeSnapshot(): ContextSnapshot {
  return { context: getAsyncContext() };
}

/** Calls `callback` with the values of a snapshot, which may not be one of another request's. */
export function runIn<T>(snapshot: ContextSnapshot, callback: () => T): T {
  const { context } = snapshot;
  const request = context?.request ?? null;
  if (request !== null && request !== currentRequest()) {
    // The platform's words.
    throw new Error(
      "Cannot call this AsyncLocalStorage bound function outside of the request in which it was " +
        "created.",
    );
  }
  const before = getAsyncContext();
  setAsyncContext(withValues(before, context?.values));
  try {
    return callback();
  } finally {
    setAsyncContext(before);
  }
}

function withValues(
  context: AsyncContext | undefined,
  values: ContextValues | undefined,
): AsyncContext {
  return { request: context?.request ?? null, values };
}
