// https://nodejs.org/api/timers.html

import promises from "node:timers/promises";
import { clearTimeout } from "../web/timers.js";
import { Immediate, Timeout } from "../workers/timeout.js";

type Callback = (...values: unknown[]) => unknown;

export function setTimeout(callback: Callback, delay?: number, ...values: unknown[]): Timeout {
  return new Timeout(callback, delay, values, false);
}

export function setInterval(callback: Callback, delay?: number, ...values: unknown[]): Timeout {
  return new Timeout(callback, delay, values, true);
}

export function setImmediate(callback: Callback, ...values: unknown[]): Immediate {
  return new Immediate(callback, values);
}

/** Takes what setTimeout() and setInterval() give, there and globally. */
export { clearTimeout, clearTimeout as clearInterval };

export function clearImmediate(immediate?: unknown): void {
  if (immediate instanceof Immediate) immediate.close();
}

/** Deprecated in Node.js. */
export function active(timeout: unknown): void {
  if (timeout instanceof Timeout) timeout.refresh();
}

/** Deprecated in Node.js. */
export function unenroll(timeout: unknown): void {
  if (timeout instanceof Timeout) timeout.close();
}

export { promises };

export default {
  active,
  clearImmediate,
  clearInterval: clearTimeout,
  clearTimeout,
  promises,
  setImmediate,
  setInterval,
  setTimeout,
  unenroll,
};
