// Natives: computation that V8 lacks, done by functions of the host process that compute and reach
// nothing (src/edgewright/isolate/natives/). They take bytes and options and give bytes or a value.
//
// callNative() is for what takes less than a few milliseconds, as nothing else runs meanwhile.
// startNative() has the host's pool do it: the result arrives in a later turn, as long as the
// request that asked for it lasts. openNative() is for data that comes in pieces.
//
// Results are handed over by callback and not by promise, since a promise that is resolved with
// bytes looks for `then` on Object.prototype, where a Worker may wait for a secret.

import { host } from "./host.js";
import { currentRequest, dropOp, newOp, type OpEvent, requireOwner, requireRequest } from "./io.js";
import { listCopy } from "./primordials.js";
import { DOMException } from "./web/dom_exception.js";

const { parse, stringify } = JSON;
const { apply, setPrototypeOf } = Reflect;
const { TypeError, RangeError, Promise } = globalThis;

/** A literal of plain values; a record that is not of use for anything else. */
export type NativeOptions = Record<string, string | number | boolean | null>;

/** Bytes, or what JSON can say. */
export type NativeResult = unknown;

/** What comes for a result that is not bytes, as JSON. */
type NativeReply = [ok: true, value: unknown] | [ok: false, name: string, message: string];

/** Computes at once. Throws a DOMException, or a TypeError or RangeError. */
export function callNative(name: string, options: NativeOptions, data: Uint8Array[]): NativeResult {
  const items = withData(list<unknown>(name, toJson(options)), data);
  return resultOf(apply(host.callNative, undefined, items));
}

/**
 * Has the host's pool compute; gives what `then` makes of the result. The bytes are copied at once.
 * Outside of any request, where no event could come, it computes at once.
 */
export function startNative<T>(
  name: string,
  options: NativeOptions,
  data: Uint8Array[],
  then: (result: NativeResult) => T | PromiseLike<T>,
): Promise<T> {
  return new Promise((resolve, reject) => {
    if (currentRequest() === null) {
      resolve(then(callNative(name, options, data)));
      return;
    }
    const request = requireRequest();
    const op = newOp((event, bytes) => {
      try {
        resolve(then(eventResult(event, bytes)));
      } catch (error) {
        reject(error);
      }
    });
    request.usesNatives = true;
    const head = list<unknown>(request.id, op, name, toJson(options));
    if (!apply(host.startNative, undefined, withData(head, data))) {
      dropOp(op);
      throw new DOMException("Too many computations are under way.", "QuotaExceededError");
    }
  });
}

/** A computation that gets its data in pieces. It ends with its request. */
export interface NativeState {
  /** Takes the next piece, gives what is ready; `end` says that it was the last one. */
  step(data: Uint8Array, end: boolean): Uint8Array;
  /** Nobody needs it any more. */
  close(): void;
}

/** `type` is the name that another request is told which touches it. */
export function openNative(name: string, options: NativeOptions, type: string): NativeState {
  const owner = currentRequest();
  if (owner !== null) owner.usesNatives = true;
  const state = resultOf(host.openNative(owner?.id ?? 0, name, toJson(options))) as number;
  return {
    step(data, end) {
      requireOwner(owner, type);
      return resultOf(host.stepNative(state, end, data)) as Uint8Array;
    },
    close() {
      host.closeNative(state);
    },
  };
}

/** A safeList(), which no setter of a Worker's reaches. */
function list<T>(...items: T[]): T[] {
  return listCopy(items);
}

function withData(head: unknown[], data: Uint8Array[]): unknown[] {
  for (let i = 0; i < data.length; i++) head[head.length] = data[i];
  return head;
}

/** Whatever a Worker may have hung on Object.prototype. */
function toJson(options: NativeOptions): string {
  setPrototypeOf(options, null);
  return stringify(options);
}

function resultOf(reply: Uint8Array | string): NativeResult {
  if (typeof reply !== "string") return reply;
  const parsed = parse(reply) as NativeReply;
  if (parsed[0]) return parsed[1];
  throw nativeError(parsed[1], parsed[2]);
}

function eventResult(event: OpEvent, bytes: Uint8Array | null): NativeResult {
  if (event[0] !== "native") throw new DOMException(`${event[3]}`, `${event[2]}`);
  if (event[5] !== null) throw nativeError(event[5], event[6]);
  return bytes ?? event[4];
}

function nativeError(name: string, message: string): Error {
  if (name === "TypeError") return new TypeError(message);
  if (name === "RangeError") return new RangeError(message);
  return new DOMException(message, name);
}
