// The entry to the isolate: a batch of events goes in, the commands that they caused come out.
//
// For each event the context of its request is restored, the handler runs, and the microtasks are
// drained before the next event. So what an event causes is known to be its own, and a turn that
// is stopped half-way (it ran for too long) can say whose fault it was and go on with the rest.

import { monotonicNow, runMicrotasks } from "./engine.js";
import {
  abortRequest,
  beginTurn,
  cancelSink,
  creditSink,
  finishRequest,
  leave,
  openRequests,
  send,
  settleOp,
  settlePull,
  takeCommands,
} from "./io.js";
import { copyBytes, TypedArrayByteLength } from "./primordials.js";
import type { Event } from "./protocol.js";
import { handleRequest } from "./workers/handlers.js";

const { parse } = JSON;

/** JSON of [spent, commands]; with bytes when a command carries some. */
type TurnResult = string | [json: string, blob: Uint8Array];

let batch: readonly Event[] = [];
let blob: Uint8Array | null = null;
let next = 0;
let offset = 0;
/** Request, milliseconds, request, milliseconds …, as JSON: how the turn's time divides. */
let spent = "";

/** One turn. */
export function turn(json: string, bytes: Uint8Array | null): TurnResult {
  beginTurn();
  batch = parse(json) as Event[];
  blob = bytes;
  next = 0;
  offset = 0;
  return run();
}

/**
 * Goes on after a turn that was stopped for taking too long: the request that was running fails,
 * the other events of the batch are handled.
 */
export function resume(): TurnResult {
  const request = leave();
  if (request !== null) {
    send([
      "fail",
      request.id,
      "exceededCpu",
      "Error",
      "Worker exceeded CPU time limit.",
      "",
      false,
    ]);
    finishRequest(request);
  }
  return run();
}

function run(): TurnResult {
  const alone = batch.length === 1;
  while (next < batch.length) {
    const event = batch[next++] as Event;
    const start = alone ? 0 : monotonicNow();
    deliver(event, attachmentOf(event));
    runMicrotasks();
    const request = leave();
    if (request !== null) {
      if (spent !== "") spent += ",";
      spent += `${request.id},${alone ? 1 : monotonicNow() - start}`;
    }
  }
  batch = [];
  blob = null;
  const taken = takeCommands();
  const json = `[[${spent}],[${taken.commands}]]`;
  spent = "";
  return taken.blob === null ? json : [json, taken.blob];
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
      size = event[2];
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
    case "response":
    case "failure":
    case "timer":
      settleOp(event, bytes);
      break;
    case "chunk":
    case "end":
      settlePull(event, bytes);
      break;
    case "credit":
      creditSink(event);
      break;
    case "cancel":
      cancelSink(event);
      break;
  }
}
