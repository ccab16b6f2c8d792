// The entry to the isolate: a batch of events goes in, the commands that they caused come out.
//
// For each event the context of its request is restored, the handler runs, and the microtasks are
// drained before the next event. So what an event causes is known to be its own, and a turn that
// is stopped half-way (it ran for too long) can say whose fault it was and go on with the rest.

import { tick } from "./clock.js";
import { abortRequest, endRequest, forgetRequest } from "./ends.js";
import { monotonicNow, runMicrotasks } from "./engine.js";
import { cpuNow } from "./host.js";
import { endAllHung, endHungSuspects, endIfHung } from "./hung.js";
import {
  beginTurn,
  commandsLength,
  leave,
  openRequests,
  type RequestContext,
  send,
  settleOp,
  settlePull,
  takeCommands,
} from "./io.js";
import { loadLazy } from "./lazy.js";
import { copyBytes, TypedArrayByteLength } from "./primordials.js";
import type { Call, CallEvent, Event, NativeEvent } from "./protocol.js";
import { tellRejections } from "./rejections.js";
import { cancelSink, creditSink } from "./sinks.js";
import { takeUncharged } from "./uncharged.js";
import { watcher } from "./watch.js";
import { loadWebSockets } from "./web/web_sockets.js";
import { loadRpc } from "./workers/fetcher.js";
import { handleRequest } from "./workers/handlers.js";

const { parse } = JSON;

/** The platform's words. */
const OVER_CPU = "Worker exceeded CPU time limit.";

/** JSON of [spent, commands]; with bytes when a command carries some. */
type TurnResult = string | [json: string, blob: Uint8Array];

/** Milliseconds after which a turn of several events has a break, so that the host can see that it
 * gets on and that no single event holds it up. */
const SLICE = 10;
/** An event that took longer, in milliseconds, is worth a look at the CPU clock. */
const CHEAP = 1;
/** How often an event may be begun anew. */
const MAX_TRIES = 3;

let unread: string | null = null;
let batch: readonly Event[] = [];
let blob: Uint8Array | null = null;
let next = 0;
let offset = 0;
let tries = 0;
/** How long the commands were when the event that runs began. */
let mark = 0;
/** Request, milliseconds, request, milliseconds …, as JSON: how the turn's CPU time divides. */
let spent = "";
/** What the CPU clock showed when it was last looked at. */
let cpu = 0;
/** Milliseconds that events took since then which were not worth a look. */
let cheap = 0;

/** One turn. `now` is what the isolate's CPU clock shows. Null is a break: proceed() goes on. */
export function turn(json: string, bytes: Uint8Array | null, now: number): TurnResult | null {
  beginTurn();
  cpu = now;
  cheap = 0;
  unread = json;
  blob = bytes;
  return proceed();
}

export function proceed(): TurnResult | null {
  if (unread !== null) {
    batch = parse(unread) as Event[];
    unread = null;
    next = 0;
    offset = 0;
    tries = 0;
  }
  return run();
}

/**
 * Goes on after a turn that was stopped for taking too long: the request that was running fails,
 * the other events of the batch are handled.
 *
 * It is stopped after some time on the clock, as the engine has no other way, and on a busy machine
 * a request may have got less than `limit` milliseconds of CPU time until then. One that has just
 * begun, and has asked for nothing yet, begins anew.
 */
export function resume(limit: number): TurnResult | null {
  const request = leave();
  if (request !== null) {
    const used = usedSinceLook();
    spend(request, used);
    if (used < limit && tries < MAX_TRIES && canBeginAnew(request)) {
      tries++;
      next--;
      forgetRequest(request);
    } else {
      send(["fail", request.id, "exceededCpu", "Error", OVER_CPU, "", false]);
      endRequest(request, OVER_CPU);
    }
  }
  // The engine has thrown its microtasks away, also those of requests that this one woke up.
  endAllHung();
  return proceed();
}

function canBeginAnew(request: RequestContext): boolean {
  const event = batch[next - 1];
  const asked = request.usesNatives || commandsLength() !== mark;
  return event?.[0] === "request" && !event[5] && !asked;
}

function run(): TurnResult | null {
  const alone = batch.length === 1;
  let start = alone ? 0 : monotonicNow();
  const pause = start + SLICE;
  while (next < batch.length) {
    const event = batch[next++] as Event;
    mark = commandsLength();
    tick();
    deliver(event, attachmentOf(event));
    runMicrotasks();
    tellRejections();
    const request = leave();
    watcher?.eventOver(request);
    let cost = 1;
    if (!alone) {
      const now = monotonicNow();
      cost = now - start;
      start = now;
      if (cost < CHEAP) cheap += cost;
      else cost = usedSinceLook();
    }
    if (event[0] === "native") spendPool(event, request, cost);
    else if (request !== null) spend(request, cost);
    if (request !== null) endIfHung(request);
    if (start > pause && next < batch.length) return null;
  }
  tellRejections();
  endHungSuspects();
  batch = [];
  blob = null;
  const taken = takeCommands();
  const json = `[[${spent}],[${taken.commands}]]`;
  spent = "";
  return taken.blob === null ? json : [json, taken.blob];
}

/** CPU milliseconds of the event that has just ended: all since the last look but the cheap ones. */
function usedSinceLook(): number {
  const now = cpuNow();
  const used = now - cpu - cheap - takeUncharged();
  cpu = now;
  cheap = 0;
  return used > 0 ? used : 0;
}

function spend(request: RequestContext, milliseconds: number): void {
  if (spent !== "") spent += ",";
  spent += `${request.id},${milliseconds}`;
}

/** The turn's CPU time holds the pool's as well, which is 0's when the request has ended. */
function spendPool(event: NativeEvent, request: RequestContext | null, cost: number): void {
  if (spent !== "") spent += ",";
  spent += `${request?.id ?? 0},${cost + event[2]}`;
}

/** The bytes that came with an event, in a buffer of their own. */
function attachmentOf(event: Event): Uint8Array | null {
  let size: number | null;
  switch (event[0]) {
    case "request":
      size = event[5];
      break;
    case "response":
      size = event[7];
      break;
    case "chunk":
    case "message":
      size = event[2];
      break;
    case "result":
    case "native":
      size = event[3];
      break;
    case "return":
      size = event[2];
      break;
    case "call":
      size = argumentsSize(event);
      break;
    default:
      return null;
  }
  if (size === null) return null;
  if (size === 0 || blob === null) return new Uint8Array(0);
  if (size === TypedArrayByteLength(blob)) return blob;
  const bytes = copyBytes(blob, offset, offset + size);
  offset += size;
  return bytes;
}

function argumentsSize(event: CallEvent): number {
  let size = 0;
  for (let i = 0; i < event[5].length; i++) size += (event[5][i] as Call)[3] ?? 0;
  return size;
}

function deliver(event: Event, bytes: Uint8Array | null): void {
  switch (event[0]) {
    case "request":
      handleRequest(event, bytes);
      break;
    case "abort": {
      const request = openRequests.get(event[1]);
      if (request !== undefined) abortRequest(request);
      break;
    }
    case "stop": {
      const request = openRequests.get(event[1]);
      if (request !== undefined) endRequest(request, event[2]);
      break;
    }
    case "response":
    case "result":
    case "failure":
    case "timer":
    case "cache":
    case "native":
    case "connected":
    case "return":
      settleOp(event, bytes);
      break;
    case "chunk":
    case "end":
      settlePull(event, bytes);
      break;
    case "call":
      loadRpc().handleCall(event, bytes);
      break;
    case "tail":
      (loadLazy("tail") as typeof import("./lazy/tail.js")).handleTail(event);
      break;
    case "release":
      loadRpc().handleRelease(event);
      break;
    case "credit":
      creditSink(event);
      break;
    case "message":
    case "close":
    case "grant":
      loadWebSockets().deliver(event, bytes);
      break;
    case "cancel":
      cancelSink(event);
      break;
  }
}
