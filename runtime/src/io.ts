// Everything that leaves the isolate and everything that comes back: ops and streams, and the request
// that each belongs to; sinks.ts has the bodies that it sends. The Web API above is written in terms
// of this file, the turn below feeds it. Nothing here is reachable from a Worker.

import { type AsyncContext, getAsyncContext, setAsyncContext } from "./engine.js";
import { host } from "./host.js";
import {
  listCopy,
  SafeMap,
  SafeSet,
  safeList,
  TypedArrayByteLength,
  TypedArraySet,
} from "./primordials.js";
import type {
  CacheEvent,
  ChunkEvent,
  Command,
  ConnectedEvent,
  EndEvent,
  FailureEvent,
  NativeEvent,
  ResponseEvent,
  ResultEvent,
  ReturnEvent,
  TimerEvent,
} from "./protocol.js";

const { stringify } = JSON;
const { ownKeys, setPrototypeOf } = Reflect;
const arrayPrototype = Array.prototype;
const { Promise, TypeError, Error, Uint8Array } = globalThis;

// --- The request that code runs for --------------------------------------------------------------

/** One request while anything of it is left to do. */
export class RequestContext {
  readonly id: number;
  /** Ops of other requests in this isolate that led to this one, by way of other Workers. */
  readonly causes: readonly number[];
  /** Ops that have not settled: what to give up when the request ends. */
  readonly ops: SafeSet<number> = new SafeSet();
  /** Streams that a chunk is awaited of. */
  readonly pulls: SafeSet<number> = new SafeSet();
  /** Other events that may still come for it: credit that a sink waits for, a socket's messages. */
  due = 0;
  /** The handler, the response's sink and each waitUntil() that have not settled. */
  pending = 0;
  /** waitUntil() promises among `pending`: they outlive the client. */
  waiting = 0;
  passThrough = false;
  /** What is to be done when it ends; see onEnd(). */
  ends: SafeSet<() => void> | null = null;
  /** The host computes something for it, or may; see natives.ts. */
  usesNatives = false;
  /** The client has left: only waitUntil() keeps the request alive. */
  aborted = false;
  finished = false;
  /** A look whether it is hung is to come; see hung.ts. */
  lookedAt = false;
  /** Set by whoever made the Request: fires its signal. */
  onAbort: (() => void) | null = null;
  /** Whether anybody would hear that; set together with onAbort. */
  awaitsAbort: (() => boolean) | null = null;

  constructor(id: number, cause: number | null = null) {
    this.id = id;
    this.causes = cause === null ? NO_CAUSES : causesBefore(cause);
    openRequests.set(id, this);
  }
}

const NO_CAUSES: readonly number[] = safeList();

function causesBefore(cause: number): number[] {
  const causes = listCopy(ops.get(cause)?.request.causes ?? NO_CAUSES);
  causes[causes.length] = cause;
  return causes;
}

/** Requests that something is left to do for. */
export const openRequests: SafeMap<number, RequestContext> = new SafeMap();

export function currentRequest(): RequestContext | null {
  return getAsyncContext()?.request ?? null;
}

/** The request on whose behalf an effect is asked for. */
export function requireRequest(): RequestContext {
  const request = currentRequest();
  if (request === null) {
    // The platform's wording.
    throw new Error(
      "Disallowed operation called within global scope. Asynchronous I/O (ex: fetch() or " +
        "connect()), setting a timeout, and generating random values are not allowed within " +
        "global scope. To fix this error, perform this operation within a handler.",
    );
  }
  if (request.finished) {
    throw new Error(
      "The request has ended: use ctx.waitUntil() for work that goes on after the response.",
    );
  }
  return request;
}

/**
 * What belongs to a request is of no use in another. `owner` is null for what was made in the
 * global scope, which belongs to all; `type` is the platform's name of the kind of thing.
 */
export function requireOwner(owner: RequestContext | null, type: string): void {
  if (owner === null || owner === currentRequest()) return;
  // The platform's wording.
  throw new Error(
    "Cannot perform I/O on behalf of a different request. I/O objects (such as streams, " +
      "request/response bodies, and others) created in the context of one request handler cannot " +
      "be accessed from a different request's handler. This is a limitation of Cloudflare Workers " +
      `which allows us to improve overall performance. (I/O type: ${type})`,
  );
}

let running: RequestContext | null = null;

/** Restores the context that an event belongs to; from here on, time is that request's. */
export function enter(context: AsyncContext | undefined): void {
  running = context?.request ?? null;
  setAsyncContext(context);
}

/** The event is done with (or was stopped): whose was it? */
export function leave(): RequestContext | null {
  const request = running;
  running = null;
  setAsyncContext(undefined);
  return request;
}

// --- Commands ------------------------------------------------------------------------------------

/** JSON of the commands, with commas between: made at once, so that nobody can change one later. */
let commands = "";
let attachments = safeList<Uint8Array>();
let attached = 0;
/** Whether the end of what runs now takes the commands along: a turn, or the Worker's start. */
let inTurn = true;

/**
 * Queues a command of this turn. The bytes are copied when the turn ends.
 *
 * Some promises settle outside of any turn (import(), WebAssembly's), and what waits for them runs
 * there and then: the host has to ask for a turn that takes its commands along.
 */
export function send(command: Command, attachment?: Uint8Array): void {
  commands += commands === "" ? toJson(command) : `,${toJson(command)}`;
  if (attachment !== undefined) {
    const size = TypedArrayByteLength(attachment);
    if (size > 0) {
      attachments[attachments.length] = attachment;
      attached += size;
    }
  }
  if (!inTurn) wake();
}

/** How long the commands are that wait for the end of the turn. */
export function commandsLength(): number {
  return commands.length;
}

/** Something is to be done that no event is going to come for. */
export function askForTurn(): void {
  if (!inTurn) wake();
}

function wake(): void {
  inTurn = true; // once is enough
  host.wake();
}

/** Commands wait for the end of the turn from here on. */
export function beginTurn(): void {
  inTurn = true;
}

/** The Worker has started; what it had to say meanwhile is heard now, and not with a request. */
export function endStart(): void {
  inTurn = false;
  if (commands !== "") wake();
}

/** JSON, whatever a Worker may have hung on the prototypes. */
function toJson(command: Command): string {
  // `toJSON` is looked up on every array; without a prototype there is nowhere to find one.
  if ("toJSON" in arrayPrototype) stripPrototypes(command);
  return stringify(command);
}

function stripPrototypes(value: object): void {
  setPrototypeOf(value, null);
  const keys = ownKeys(value);
  for (let i = 0; i < keys.length; i++) {
    const item = (value as Record<PropertyKey, unknown>)[keys[i] as PropertyKey];
    if (typeof item === "object" && item !== null) stripPrototypes(item);
  }
}

/** The commands since the last call as JSON, with commas between, and their bytes. */
export function takeCommands(): { commands: string; blob: Uint8Array | null } {
  const taken = commands;
  commands = "";
  inTurn = false;
  if (attached === 0) return { commands: taken, blob: null };
  let blob: Uint8Array;
  if (attachments.length === 1) {
    blob = attachments[0] as Uint8Array;
  } else {
    blob = new Uint8Array(attached);
    let offset = 0;
    for (let i = 0; i < attachments.length; i++) {
      const bytes = attachments[i] as Uint8Array;
      TypedArraySet(blob, bytes, offset);
      offset += TypedArrayByteLength(bytes);
    }
  }
  attachments = safeList();
  attached = 0;
  return { commands: taken, blob };
}

// --- Ops: one command, one event -----------------------------------------------------------------

export type OpEvent =
  | ResponseEvent
  | ResultEvent
  | FailureEvent
  | TimerEvent
  | CacheEvent
  | NativeEvent
  | ReturnEvent
  | ConnectedEvent;
export type OpHandler = (event: OpEvent, bytes: Uint8Array | null) => void;

interface Op {
  readonly request: RequestContext;
  readonly context: AsyncContext | undefined;
  readonly settle: OpHandler;
}

const ops = new SafeMap<number, Op>();
let lastOp = 0;

/** Allocates an op of the current request; `settle` runs in the context of this call. */
export function newOp(settle: OpHandler): number {
  const request = requireRequest();
  const op = ++lastOp;
  ops.set(op, { request, context: getAsyncContext(), settle });
  request.ops.add(op);
  return op;
}

/** Runs `then` after `delay` milliseconds unless the request has ended; keeps nothing alive. */
export function afterDelay(request: RequestContext, delay: number, then: () => void): void {
  const op = ++lastOp;
  const settle = (): void => {
    if (!request.finished) then();
  };
  ops.set(op, { request, context: undefined, settle });
  send(["timer", request.id, op, delay, true]);
}

/** Forgets an op: its event will be ignored. */
export function dropOp(op: number): void {
  const request = ops.get(op)?.request;
  if (request === undefined) return;
  request.ops.delete(op);
  ops.delete(op);
  // One request's code may abort another's subrequest, which then may have nothing to wait for.
  if (request !== running) suspects.add(request);
}

/** Requests that lost an op in an event that is not their own: are they hung? See hung.ts. */
export const suspects: SafeSet<RequestContext> = new SafeSet();

/** An op's event has come. */
export function settleOp(event: OpEvent, bytes: Uint8Array | null): void {
  const op = ops.get(event[1]);
  if (op === undefined) return;
  dropOp(event[1]);
  enter(op.context);
  op.settle(event, bytes);
}

// --- Streams: bodies that the gateway holds ------------------------------------------------------

interface Pull {
  readonly request: RequestContext;
  readonly context: AsyncContext | undefined;
  resolve(chunk: Uint8Array | null): void;
  reject(error: unknown): void;
}

const pulls = new SafeMap<number, Pull>();

/**
 * Next bytes of a stream, many of them with `gather`; null at its end. Rejects when it broke off. One
 * pull at a time.
 */
export function pullStream(stream: number, gather = false): Promise<Uint8Array | null> {
  return new Promise((resolve, reject) => {
    const request = requireRequest();
    request.pulls.add(stream);
    pulls.set(stream, { request, context: getAsyncContext(), resolve, reject });
    send(["pull", stream, gather]);
  });
}

/** Tells the gateway that nobody will read this stream any more. */
export function discardStream(stream: number): void {
  const pull = takePull(stream);
  send(["discard", stream]);
  pull?.resolve(null);
}

function takePull(stream: number): Pull | undefined {
  const pull = pulls.get(stream);
  if (pull !== undefined) {
    pulls.delete(stream);
    pull.request.pulls.delete(stream);
  }
  return pull;
}

export function settlePull(event: ChunkEvent | EndEvent, bytes: Uint8Array | null): void {
  const pull = takePull(event[1]);
  if (pull === undefined) return;
  enter(pull.context);
  if (event[0] === "chunk") pull.resolve(bytes);
  else if (event[2] === null) pull.resolve(null);
  else pull.reject(new TypeError(event[2]));
}

// --- The end of a request ------------------------------------------------------------------------

/** Calls `action` when the request ends, however it does, unless the function given is called before. */
export function onEnd(request: RequestContext, action: () => void): () => void {
  request.ends ??= new SafeSet();
  request.ends.add(action);
  return () => request.ends?.delete(action);
}

/** One of the things that keep a request alive has settled. */
export function settlePart(request: RequestContext): void {
  request.pending--;
  if (request.pending === 0 || (request.aborted && request.waiting === 0)) finishRequest(request);
}

/** Nothing is left to do: what still floats is given up, as on the platform. */
export function finishRequest(request: RequestContext): void {
  if (request.finished) return;
  request.finished = true;
  openRequests.delete(request.id);
  request.ops.forEach((op) => {
    ops.delete(op);
  });
  request.pulls.forEach((stream) => {
    pulls.delete(stream);
  });
  request.ops.clear();
  request.pulls.clear();
  request.ends?.forEach((action) => {
    action();
  });
  if (request.usesNatives) host.endNatives(request.id);
  send(["done", request.id]);
}
