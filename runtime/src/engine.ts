// The only file that touches the engine's internals. `Deno.core` is there while the snapshot is
// built and gone when a Worker runs; what the runtime layer needs is captured here, in a closure,
// and must never become reachable from a Worker.

/** V8's async context: what a promise reaction sees is what was set when it was attached. */
export interface AsyncContext {
  /** The request on whose behalf code runs, or null at start-up. */
  readonly request: import("./io.js").RequestContext | null;
  /** See async_context.ts. */
  readonly values: import("./async_context.js").ContextValues | undefined;
}

interface Core {
  runMicrotasks(): void;
  getAsyncContext(): AsyncContext | undefined;
  setAsyncContext(context: AsyncContext | undefined): void;
  encode(text: string): Uint8Array;
  decode(bytes: Uint8Array): string;
  structuredClone(value: unknown): unknown;
  serialize(value: unknown, options?: unknown): Uint8Array;
  deserialize(bytes: Uint8Array, options?: unknown): unknown;
  isProxy(value: unknown): boolean;
  isPromise(value: unknown): value is Promise<unknown>;
  isNativeError(value: unknown): value is Error;
  isAnyArrayBuffer(value: unknown): value is ArrayBufferLike;
  isMap(value: unknown): value is Map<unknown, unknown>;
  isSet(value: unknown): value is Set<unknown>;
  isDate(value: unknown): value is Date;
  isRegExp(value: unknown): value is RegExp;
  isStringObject(value: unknown): value is object;
  isBoxedPrimitive(value: unknown): value is object;
  isArrayBuffer(value: unknown): value is ArrayBuffer;
  isGeneratorObject(value: unknown): value is object;
  isMapIterator(value: unknown): value is object;
  isSetIterator(value: unknown): value is object;
  isWeakMap(value: unknown): value is object;
  isWeakSet(value: unknown): value is object;
  /** Called for each promise: when it is made (for which other one?), and around its reactions. */
  setPromiseHooks(
    made: (promise: Promise<unknown>, parent: Promise<unknown> | undefined) => void,
    before: (() => void) | undefined,
    after: undefined,
    settled: undefined,
  ): void;
  /** The engine's own console, which tells an inspector what it is given, and nobody else. */
  v8Console: Record<string, (...data: unknown[]) => void>;
  /** Calls two methods of consoles such that an inspector sees who called, and not us. */
  callConsole(engines: unknown, ours: unknown, ...data: unknown[]): void;
  setUnhandledPromiseRejectionHandler(
    handler: (promise: Promise<unknown>, reason: unknown) => boolean,
  ): void;
  setHandledPromiseRejectionHandler(
    handler: (promise: Promise<unknown>, reason: unknown) => void,
  ): void;
  ops: {
    op_eval_context(
      source: string,
      specifier: string,
      options: undefined,
    ): [result: unknown, error: [thrown: unknown] | null];
    op_timer_now(): number;
    op_event_loop_has_more_work(): boolean;
    op_drain_pending_rejections(): unknown[] | undefined;
    op_get_promise_details(promise: Promise<unknown>): [state: 0 | 1 | 2, result: unknown];
    op_get_proxy_details(value: unknown): [target: unknown, handler: unknown] | null;
  };
  /** Given, when a runtime starts, what says whether ticks wait and whether rejections do. */
  __setTickInfo(info: Uint8Array): void;
  __drainNextTickAndMacrotasks(): void;
}

declare const Deno: { core: Core };

const core: Core = Deno.core;

export const {
  runMicrotasks,
  getAsyncContext,
  setAsyncContext,
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
  serialize,
  deserialize,
  setPromiseHooks,
  setUnhandledPromiseRejectionHandler,
  setHandledPromiseRejectionHandler,
  v8Console,
  callConsole,
} = core;

const { op_eval_context: evaluate } = core.ops;
const { defineProperty, deleteProperty, getPrototypeOf, ownKeys } = Reflect;
const { create } = Object;

/**
 * Runs a script of ours, which calls `edgewrightHandOver` with its value, and gives that. The flag
 * that forbids Workers to make code from strings (engine.py) has no say in it.
 *
 * The script's result would do as well, but deno_core puts it in an array by way of setters, which a
 * Worker may have put on Object.prototype: it would get hold of the script.
 */
export function runScript(source: string, name: string): unknown {
  let given = false;
  let value: unknown;
  let failure: unknown;
  defineProperty(globalThis, "edgewrightHandOver", {
    __proto__: null,
    value: (result: unknown) => {
      given = true;
      value = result;
    },
    configurable: true,
  } as PropertyDescriptor);
  try {
    const { 1: error } = evaluate(source, name, undefined);
    failure = error?.[0];
  } catch (error) {
    failure = error;
  } finally {
    deleteProperty(globalThis, "edgewrightHandOver");
  }
  if (!given) throw failure;
  return value;
}

/** UTF-8, by V8 itself. */
export const encodeUtf8 = core.encode;
/** UTF-8 with U+FFFD for what is malformed; keeps a byte order mark off. */
export const decodeUtf8 = core.decode;
/** StructuredSerializeInternal and back, without transfer. */
export const engineClone = core.structuredClone;
/** Milliseconds on the engine's monotonic clock. */
export const monotonicNow: () => number = core.ops.op_timer_now;
/** Whether a promise is to settle outside of any turn: import()'s, WebAssembly's. */
export const hasOutsideWork: () => boolean = core.ops.op_event_loop_has_more_work;

// --- Lists that the engine makes -----------------------------------------------------------------
//
// It fills them as `list[0] = …` does: a setter for "0" on Object.prototype would get what is meant
// for the runtime layer alone. While there is any, these functions ask the engine nothing.

const arrayPrototype = Array.prototype;
const objectPrototype = Object.prototype;

function listsAreTapped(): boolean {
  return (
    getPrototypeOf(arrayPrototype) !== objectPrototype ||
    hasIndex(arrayPrototype) ||
    hasIndex(objectPrototype)
  );
}

/** Indexes come before all other keys. */
function hasIndex(object: object): boolean {
  const first = ownKeys(object)[0];
  return typeof first === "string" && first >= "0" && first < ":";
}

const {
  op_drain_pending_rejections: drainRejections,
  op_get_promise_details: promiseDetails,
  op_get_proxy_details: proxyDetails,
} = core.ops;

/** A promise's state and what it was settled with; it may be said to wait where lists are tapped. */
export function getPromiseDetails(promise: Promise<unknown>): [state: 0 | 1 | 2, result: unknown] {
  return listsAreTapped() ? [0, undefined] : promiseDetails(promise);
}

export function getProxyDetails(value: unknown): [target: unknown, handler: unknown] | null {
  return listsAreTapped() ? null : proxyDetails(value);
}

/** Ticks, rejections: 1 where some wait. */
let waiting: Uint8Array;

/**
 * Promises that were rejected since the last call, and have no handler yet: promise, reason, async
 * context, promise, reason … Where lists are tapped, the engine tells the handler of
 * setUnhandledPromiseRejectionHandler() of them later, one by one.
 */
export function takeUnhandledRejections(): unknown[] | undefined {
  if (waiting[1] === 0 || listsAreTapped()) return undefined;
  waiting[1] = 0;
  return drainRejections();
}

// What a runtime that starts from the snapshot takes its functions from. deno_core's own way to
// drain its queues has the engine make the same list.
const { __setTickInfo: setTickInfo } = core;
Deno.core = create(core, {
  __setTickInfo: {
    value: (info: Uint8Array) => {
      waiting = info;
      setTickInfo(info);
    },
  },
  __drainNextTickAndMacrotasks: { value: runMicrotasks },
});
