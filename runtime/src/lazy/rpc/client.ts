// RpcStub, RpcPromise and RpcProperty: objects that can be called, and each of whose properties is
// one more of them.

import { type RequestContext, requireRequest } from "../../io.js";
import { listCopy, PromiseThen, SafeWeakMap } from "../../primordials.js";
import { defineInterface } from "../../web/webidl.js";
import { isDerived, RpcTarget } from "../../workers/entrypoint.js";
import type { ServiceRef } from "../../workers/fetcher.js";
import { onHandle, PendingCall, type Root, startCall, usableHandle } from "./call.js";
import { encode } from "./encode.js";
import { disposableHandle, type Handle, hold, letGo } from "./handles.js";

const { Object, Promise, Proxy, TypeError } = globalThis;
const { apply, deleteProperty, get, getPrototypeOf, setPrototypeOf } = Reflect;
const { prototype: objectPrototype } = Object;
const { prototype: promisePrototype } = Promise;
const { catch: promiseCatch, finally: promiseFinally } = promisePrototype;
const dispose: typeof Symbol.dispose = Symbol.dispose;

type Callback = ((value: unknown) => unknown) | null | undefined;

/** A stub; `handle` is null once it has been disposed. */
export interface StubState {
  readonly kind: "stub";
  readonly request: RequestContext;
  handle: Handle | null;
}

interface PromiseState {
  readonly kind: "promise";
  readonly call: PendingCall;
}

interface PropertyState {
  readonly kind: "property";
  readonly root: Root;
  readonly path: string[];
}

type State = StubState | PromiseState | PropertyState;

/** Of proxies and of what is behind them. */
const states = new SafeWeakMap<object, State>();

/** What a stub stands for; undefined for what is none. */
export function stateOf(value: object): StubState | undefined {
  const state = states.get(value);
  return state?.kind === "stub" ? state : undefined;
}

export function isProperty(value: object): boolean {
  return states.get(value)?.kind === "property";
}

/** The name of the class of an RpcPromise or an RpcProperty; null for all else. */
export function callableName(value: object): string | null {
  const kind = states.get(value)?.kind;
  if (kind === "promise") return "RpcPromise";
  return kind === "property" ? "RpcProperty" : null;
}

// --- The classes ---------------------------------------------------------------------------------

export class RpcStub {
  constructor(object: unknown) {
    const request = requireRequest();
    const own = ownProperties(object);
    if (own === null) {
      // The platform's words.
      throw new TypeError(
        "RpcStubs can only wrap plain objects, functions, and RpcTarget derivatives.",
      );
    }
    // biome-ignore lint/correctness/noConstructorReturn: a stub is callable, which no instance is.
    return newStub(disposableHandle(request, object as object, own), null) as RpcStub;
  }

  /** One more stub of the same object, to be disposed on its own. */
  dup(): RpcStub {
    return newStub(hold(usableHandle(requireStub(this))), null) as RpcStub;
  }

  [dispose](): void {
    disposeStub(requireStub(this));
  }
}

export class RpcPromise {
  constructor() {
    throw new TypeError("Illegal constructor");
  }

  // biome-ignore lint/suspicious/noThenProperty: it is to be awaited.
  then(onFulfilled?: Callback, onRejected?: Callback): Promise<unknown> {
    return PromiseThen(promiseOf(this), onFulfilled, onRejected);
  }

  catch(onRejected?: Callback): Promise<unknown> {
    return apply(promiseCatch, promiseOf(this), [onRejected]);
  }

  finally(onFinally?: (() => void) | null): Promise<unknown> {
    return apply(promiseFinally, promiseOf(this), [onFinally]);
  }

  /** Disposes what the call gives, if it has come or when it comes. */
  [dispose](): void {
    const state = states.get(this);
    if (state?.kind !== "promise") throw new TypeError("Illegal invocation");
    state.call.dispose();
  }
}

export class RpcProperty {
  constructor() {
    throw new TypeError("Illegal constructor");
  }

  /** Awaiting a property reads it. */
  // biome-ignore lint/suspicious/noThenProperty: it is to be awaited.
  then(onFulfilled?: Callback, onRejected?: Callback): Promise<unknown> {
    return PromiseThen(readProperty(this), onFulfilled, onRejected);
  }

  catch(onRejected?: Callback): Promise<unknown> {
    return apply(promiseCatch, readProperty(this), [onRejected]);
  }

  finally(onFinally?: (() => void) | null): Promise<unknown> {
    return apply(promiseFinally, readProperty(this), [onFinally]);
  }
}

defineInterface("RpcStub", RpcStub);
defineInterface("RpcPromise", RpcPromise);
defineInterface("RpcProperty", RpcProperty);

/** Whether a stub of it reaches its own properties, and not its class's; null where none may be. */
export function ownProperties(value: unknown): boolean | null {
  if ((typeof value !== "object" && typeof value !== "function") || value === null) return null;
  if (getPrototypeOf(value) === objectPrototype) return true;
  if (isDerived(value, RpcTarget.prototype)) return false;
  return typeof value === "function" && callableName(value) === null ? true : null;
}

function requireStub(value: object): StubState {
  const state = stateOf(value);
  if (state === undefined) throw new TypeError("Illegal invocation");
  return state;
}

function promiseOf(value: object): Promise<unknown> {
  const state = states.get(value);
  if (state?.kind !== "promise") throw new TypeError("Illegal invocation");
  return state.call.promise;
}

function readProperty(value: object): Promise<unknown> {
  const state = states.get(value);
  if (state?.kind !== "property") throw new TypeError("Illegal invocation");
  return startCall(state.root, state.path, null).promise;
}

// --- The objects ---------------------------------------------------------------------------------

/** A stub that takes the handle over; `group` collects those that are disposed together. */
export function newStub(handle: Handle, group: StubState[] | null): object {
  const state: StubState = { kind: "stub", request: handle.request, handle };
  if (group !== null) group[group.length] = state;
  return newCallable(state, RpcStub.prototype);
}

export function disposeStub(state: StubState): void {
  const { handle } = state;
  state.handle = null;
  if (handle !== null) letGo(handle);
}

export function newPromise(call: PendingCall): object {
  return newCallable({ kind: "promise", call }, RpcPromise.prototype);
}

function newProperty(root: Root, path: string[], name: string): object {
  const longer = listCopy(path);
  longer[longer.length] = name;
  return newCallable({ kind: "property", root, path: longer }, RpcProperty.prototype);
}

/** What a property of a service binding is. */
export function serviceProperty(service: ServiceRef, name: string): object {
  return newProperty({ kind: "service", service }, [], name);
}

/** Calls a method of what a handle stands for. */
export function callStub(handle: Handle, method: string, values: unknown[]): Promise<unknown> {
  const call = new PendingCall();
  try {
    onHandle(call, handle, listCopy([method]), encode(values));
  } catch (error) {
    call.reject(error);
  }
  return call.promise;
}

function newCallable(state: State, prototype: object): object {
  const target = (): void => {};
  deleteProperty(target, "name");
  deleteProperty(target, "length");
  setPrototypeOf(target, prototype);
  states.set(target, state);
  const proxy = new Proxy(target, handler);
  states.set(proxy, state);
  return proxy;
}

const handler: ProxyHandler<object> = {
  apply: (target, _, values) => newPromise(startCall(rootOf(target), pathOf(target), values)),
  get(target, key, receiver) {
    // A `then` would make a promise of a stub.
    const isOfStub = key === "then" && stateOf(target) !== undefined;
    if (isOfStub || typeof key === "symbol" || key in target) return get(target, key, receiver);
    return newProperty(rootOf(target), pathOf(target), key);
  },
};
setPrototypeOf(handler, null);

function rootOf(target: object): Root {
  const state = states.get(target) as State;
  switch (state.kind) {
    case "stub":
      return { kind: "stub", stub: state };
    case "promise":
      return { kind: "call", call: state.call };
    case "property":
      return state.root;
  }
}

function pathOf(target: object): string[] {
  const state = states.get(target) as State;
  return state.kind === "property" ? state.path : [];
}
