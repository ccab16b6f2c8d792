// HTML §8.7: timers. The gateway keeps the time; a timer is an op that it settles.

import { reportException } from "../errors.js";
import { currentRequest, dropOp, newOp, type RequestContext, requireRequest, send } from "../io.js";
import { SafeMap, SafeWeakMap } from "../primordials.js";

const { Number, String, TypeError } = globalThis;
const { apply } = Reflect;
const { max } = Math;

interface Timer {
  op: number;
}

/**
 * Timers belong to a request: they end with it, and only it can clear them. Ids count per isolate,
 * so that clearing another request's timer does nothing.
 */
const timersOf = new SafeWeakMap<RequestContext, SafeMap<number, Timer>>();
let lastId = 0;

/** How deep timers are set by timers' callbacks; from the sixth level on they wait at least 4 ms. */
let nesting = 0;
const MAX_UNCLAMPED_NESTING = 5;
const CLAMPED_DELAY = 4;

export function setTimeout(handler: unknown, delay?: unknown, ...args: unknown[]): number {
  return initialize(handler, delay, args, false);
}

export function setInterval(handler: unknown, delay?: unknown, ...args: unknown[]): number {
  return initialize(handler, delay, args, true);
}

export function clearTimeout(id?: unknown): void {
  const request = currentRequest();
  if (request === null) return;
  const timers = timersOf.get(request);
  const key = toInt32(id);
  const timer = timers?.get(key);
  if (timer === undefined) return;
  timers?.delete(key);
  stopTimer(timer.op);
}

export function clearInterval(id?: unknown): void {
  clearTimeout(id);
}

/** Runs `callback` once, in the current async context; gives what stopTimer() takes. */
export function startTimer(delay: number, callback: () => void): number {
  const { id } = requireRequest();
  const op = newOp((event) => {
    // A failure means that the request was given up: its timers go with it.
    if (event[0] === "timer") callback();
  });
  send(["timer", id, op, delay, false]);
  return op;
}

export function stopTimer(op: number): void {
  dropOp(op);
  send(["clear", op]);
}

function initialize(handler: unknown, delay: unknown, args: unknown[], repeat: boolean): number {
  if (typeof handler !== "function") {
    // The standard would compile a string; code from strings is not allowed here.
    throw new TypeError(
      `The "callback" argument must be of type function. Received ${describe(handler)}`,
    );
  }
  const request = requireRequest();
  const level = nesting + 1;
  const wished = max(0, toInt32(delay));
  const timers = timersOf.get(request) ?? new SafeMap<number, Timer>();
  timersOf.set(request, timers);

  const id = ++lastId;
  let depth = level;
  const arm = (): number =>
    startTimer(depth > MAX_UNCLAMPED_NESTING ? max(CLAMPED_DELAY, wished) : wished, fire);
  const fire = (): void => {
    if (repeat) {
      // Before the callback, so that the context is still the one of the setInterval() call.
      depth++;
      timer.op = arm();
    } else {
      timers.delete(id);
    }
    nesting = depth;
    try {
      apply(handler, globalThis, args);
    } catch (error) {
      reportException(error);
    } finally {
      nesting = 0;
    }
  };
  const timer: Timer = { op: arm() };
  timers.set(id, timer);
  return id;
}

/** A value in an error message, as the platform's (and so node's) has it. */
function describe(value: unknown): string {
  if (value === null || value === undefined) return `${value}`;
  if (typeof value === "string") return `type string ('${value}')`;
  if (typeof value === "object") return "an object";
  return `type ${typeof value} (${String(value)})`;
}

/** Web IDL §3.2.4.7: conversion to long. */
function toInt32(value: unknown): number {
  return Number(value) | 0;
}

for (const [name, timerFunction] of Object.entries({ setTimeout, setInterval })) {
  Object.defineProperty(timerFunction, "name", { value: name });
  Object.defineProperty(timerFunction, "length", { value: 1 });
}
