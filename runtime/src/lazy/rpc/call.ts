// A call that this isolate makes: where it goes, and what becomes of its result.

import {
  currentRequest,
  newOp,
  type OpEvent,
  type RequestContext,
  requireOwner,
  requireRequest,
} from "../../io.js";
import { ignoreRejection, PromiseThen, safeList } from "../../primordials.js";
import { toError } from "../../web/fetch.js";
import type { ServiceRef } from "../../workers/fetcher.js";
import { addCall, type Bundle, type Destination, newBundle } from "./bundle.js";
import { type StubState, stateOf } from "./client.js";
import { decode } from "./decode.js";
import { addDisposer } from "./disposal.js";
import { dropParcels, type Encoded, encode } from "./encode.js";
import { markRemote } from "./errors.js";
import { type Handle, localHandle } from "./handles.js";
import { performHere } from "./server.js";
import { fromWire, toWire, wasSent } from "./wire.js";

const { Error, Promise, TypeError, Uint8Array } = globalThis;

/** A call and its result, as far as it is known: what an RpcPromise is of. */
export class PendingCall {
  readonly promise: Promise<unknown>;
  readonly request: RequestContext | null = currentRequest();
  /** The message that the call is in, and its place there. */
  bundle: Bundle | null = null;
  place = 0;
  state: "pending" | "resolved" | "failed" | "disposed" = "pending";
  value: unknown;
  error: unknown;
  #resolve: (value: unknown) => void = () => {};
  #reject: (error: unknown) => void = () => {};

  constructor() {
    this.promise = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
  }

  resolve(value: unknown): void {
    if (this.state === "disposed") disposeValue(value);
    else this.state = "resolved";
    this.value = value;
    this.#resolve(value);
  }

  reject(error: unknown): void {
    if (this.state === "pending") this.state = "failed";
    this.error = error;
    this.#reject(error);
  }

  dispose(): void {
    if (this.state === "resolved") disposeValue(this.value);
    this.state = "disposed";
  }
}

export function disposeValue(value: unknown): void {
  if ((typeof value !== "object" && typeof value !== "function") || value === null) return;
  const disposer = (value as { [Symbol.dispose]?: unknown })[Symbol.dispose];
  if (typeof disposer === "function") Reflect.apply(disposer, value, []);
}

/** What a call is made on. */
export type Root =
  | { readonly kind: "service"; readonly service: ServiceRef }
  | { readonly kind: "stub"; readonly stub: StubState }
  | { readonly kind: "call"; readonly call: PendingCall };

/** Calls a method; without `values`, reads a property. What goes wrong is a rejection. */
export function startCall(root: Root, path: string[], values: unknown[] | null): PendingCall {
  const call = new PendingCall();
  try {
    requireRequest();
    const encoded = values === null ? null : encodeArguments(values);
    try {
      route(call, root, path, encoded);
    } catch (error) {
      if (encoded !== null) dropParcels(encoded.parcels);
      throw error;
    }
  } catch (error) {
    call.reject(error);
  }
  return call;
}

/** Arguments; `bytes` are empty where there are none. */
function encodeArguments(values: unknown[]): Encoded {
  if (values.length > 0) return encode(values);
  return { bytes: new Uint8Array(0), parcels: safeList(), stubs: safeList() };
}

function route(call: PendingCall, root: Root, path: string[], values: Encoded | null): void {
  if (root.kind === "service") {
    const { binding, entrypoint, props } = root.service;
    sendIn(
      newBundle(requireRequest(), { binding, entrypoint, props, stub: null }),
      call,
      null,
      path,
      values,
    );
  } else if (root.kind === "stub") {
    onHandle(call, usableHandle(root.stub), path, values);
  } else {
    onCall(call, root.call, path, values);
  }
}

/** Throws for a stub that is not to be used any more, or not here. */
export function usableHandle(stub: StubState): Handle {
  requireOwner(stub.request, "RpcStub");
  // The platform's words.
  if (stub.handle === null) throw new Error("RPC stub used after being disposed.");
  return stub.handle;
}

export function onHandle(
  call: PendingCall,
  handle: Handle,
  path: string[],
  values: Encoded | null,
): void {
  if (handle.kind === "local") {
    performHere(call, handle, path, values);
    return;
  }
  const to: Destination = { binding: null, entrypoint: null, props: null, stub: handle.id };
  sendIn(newBundle(handle.request, to), call, null, path, values);
}

function onCall(
  call: PendingCall,
  target: PendingCall,
  path: string[],
  values: Encoded | null,
): void {
  requireOwner(target.request, "RpcPromise");
  // Whoever calls on a promise hears of its failure by that call.
  ignoreRejection(target.promise);
  // The platform's words.
  if (target.state === "disposed") throw new Error("RPC promise used after being disposed.");
  if (target.state === "failed") throw target.error;
  if (target.bundle !== null && !target.bundle.sent) {
    sendIn(target.bundle, call, target.place, path, values);
  } else if (target.state === "resolved") {
    onValue(call, target.value, path, values);
  } else {
    later(call, target, path, values);
  }
}

/** As soon as the target is there. */
function later(
  call: PendingCall,
  target: PendingCall,
  path: string[],
  values: Encoded | null,
): void {
  const fail = (error: unknown): void => {
    if (values !== null) dropParcels(values.parcels);
    call.reject(error);
  };
  const go = (value: unknown): void => {
    try {
      onValue(call, value, path, values);
    } catch (error) {
      fail(error);
    }
  };
  PromiseThen(target.promise, go, fail);
}

function onValue(call: PendingCall, value: unknown, path: string[], values: Encoded | null): void {
  if ((typeof value !== "object" && typeof value !== "function") || value === null) {
    // The platform's words.
    throw new TypeError("Can't pipeline on RPC that did not return an object.");
  }
  const stub = stateOf(value);
  if (stub !== undefined) onHandle(call, usableHandle(stub), path, values);
  else onHandle(call, localHandle(requireRequest(), value, true, null), path, values);
}

function sendIn(
  bundle: Bundle,
  call: PendingCall,
  after: number | null,
  path: string[],
  values: Encoded | null,
): void {
  const { request } = bundle;
  const op = newOp((event, bytes) => settle(call, request, event, bytes));
  const wire = values === null ? null : toWire(values);
  call.bundle = bundle;
  call.place = addCall(bundle, op, after, path, wire?.bytes ?? null, wire?.passed ?? safeList());
  if (wire !== null) wasSent(wire);
}

function settle(
  call: PendingCall,
  request: RequestContext,
  event: OpEvent,
  bytes: Uint8Array | null,
): void {
  if (event[0] === "failure") {
    const error = toError(event);
    markRemote(error);
    call.reject(error);
    return;
  }
  if (event[0] !== "return") return;
  try {
    const parts = fromWire(request, bytes ?? new Uint8Array(0), event[3], false);
    const { value, stubs } = decode(parts.bytes, parts.received);
    if (event[4]) {
      markRemote((value as unknown[])[0]);
      call.reject((value as unknown[])[0]);
    } else {
      call.resolve(addDisposer(value as unknown[], stubs));
    }
  } catch (error) {
    call.reject(error);
  }
}
