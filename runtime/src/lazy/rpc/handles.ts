// What stubs stand for: an object of this isolate, or one that the gateway knows by a number. A
// handle counts who needs it, and lets go of the object after the last.

import { reportException } from "../../errors.js";
import {
  currentRequest,
  enter,
  openRequests,
  type RequestContext,
  send,
  settlePart,
} from "../../io.js";
import { PromiseResolve, PromiseThen, SafeMap, SafeWeakMap } from "../../primordials.js";
import type { ReleaseEvent } from "../../protocol.js";
import { flushCalls } from "./bundle.js";

const { apply } = Reflect;
const dispose: typeof Symbol.dispose = Symbol.dispose;

/** An object of this isolate. */
export interface LocalHandle {
  readonly kind: "local";
  readonly request: RequestContext;
  readonly object: object;
  /** Whether its own properties can be reached, and not those of its class. */
  readonly own: boolean;
  /** What the object wants to do when nobody can reach it any more. */
  readonly onEnd: (() => void) | null;
  holders: number;
}

/** An object that the gateway knows by `id`. */
export interface RemoteHandle {
  readonly kind: "remote";
  readonly request: RequestContext;
  readonly id: number;
  /** It keeps its request from ending. */
  readonly keeps: boolean;
  holders: number;
}

export type Handle = LocalHandle | RemoteHandle;

interface Exports {
  readonly byId: SafeMap<number, LocalHandle>;
  /** The request began by a call: it goes on until nobody can call any of its objects. */
  readonly session: boolean;
}

const exportsOf = new SafeWeakMap<RequestContext, Exports>();
let lastExport = 0;

/** Notes that a request began by a call. */
export function beginSession(request: RequestContext): void {
  exportsOf.set(request, { byId: new SafeMap(), session: true });
}

export function localHandle(
  request: RequestContext,
  object: object,
  own: boolean,
  onEnd: (() => void) | null,
): LocalHandle {
  return { kind: "local", request, object, own, onEnd, holders: 1 };
}

/** The same, where the object's own disposer is what it wants to do at the end. */
export function disposableHandle(
  request: RequestContext,
  object: object,
  own: boolean,
): LocalHandle {
  const disposer = (object as { [dispose]?: unknown })[dispose];
  const onEnd = typeof disposer === "function" ? () => apply(disposer, object, []) : null;
  return localHandle(request, object, own, onEnd);
}

/** A stub that has come for the current request, as an argument where `given`. */
export function remoteHandle(request: RequestContext, id: number, given: boolean): RemoteHandle {
  const keeps = given && exportsOf.get(request)?.session === true;
  if (keeps) keep(request);
  return { kind: "remote", request, id, keeps, holders: 1 };
}

export function hold(handle: Handle): Handle {
  handle.holders++;
  return handle;
}

/** One less needs it. */
export function letGo(handle: Handle): void {
  handle.holders--;
  if (handle.holders > 0) return;
  const { request } = handle;
  if (handle.kind === "local") {
    if (handle.onEnd !== null) runLater(request, handle.onEnd);
  } else if (!request.finished) {
    flushCalls();
    send(["release", handle.id]);
    if (handle.keeps) unkeep(request);
  }
}

/** Lets others call an object of this isolate; gives the number that they know it by. */
export function exportHandle(handle: LocalHandle): number {
  const { request } = handle;
  const { byId, session } = exportsFor(request);
  const id = ++lastExport;
  byId.set(id, handle);
  handle.holders++;
  request.due++;
  if (session) request.pending++;
  return id;
}

export function exported(request: RequestContext, id: number): LocalHandle | undefined {
  return exportsOf.get(request)?.byId.get(id);
}

/** Nobody can call an object any more. */
export function handleRelease({ 1: id, 2: exportId }: ReleaseEvent): void {
  const request = openRequests.get(id);
  if (request === undefined) return;
  const { byId, session } = exportsFor(request);
  const handle = byId.get(exportId);
  if (handle === undefined) return;
  enter({ request, values: undefined });
  byId.delete(exportId);
  request.due--;
  letGo(handle);
  if (session) settlePart(request);
}

function exportsFor(request: RequestContext): Exports {
  let exports = exportsOf.get(request);
  if (exports === undefined) {
    exports = { byId: new SafeMap(), session: false };
    exportsOf.set(request, exports);
  }
  return exports;
}

function keep(request: RequestContext): void {
  request.pending++;
  request.due++;
}

function unkeep(request: RequestContext): void {
  request.due--;
  settlePart(request);
}

/** A disposer runs for the request whose object it is, after what is going on. */
function runLater(request: RequestContext, action: () => void): void {
  if (request.finished) return;
  request.pending++;
  const run = (): void => {
    try {
      action();
    } catch (error) {
      reportException(error);
    }
    settlePart(request);
  };
  if (request === currentRequest()) PromiseThen(PromiseResolve(undefined), run);
  else run();
}
