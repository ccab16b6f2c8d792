// The platform's scheduler.wait(): a timer as a promise.

import { PromiseReject } from "../primordials.js";
import {
  abortReason,
  addAbortAlgorithm,
  isAborted,
  isAbortSignal,
  removeAbortAlgorithm,
} from "../web/abort.js";
import { startTimer, stopTimer } from "../web/timers.js";
import { defineInterface, requireArguments, toDictionary } from "../web/webidl.js";

const { Number, Promise, TypeError } = globalThis;
const { max } = Math;

export class Scheduler {
  /** Resolves after `delay` milliseconds; rejects with the reason when `signal` is aborted. */
  wait(delay: number, options?: { signal?: unknown }): Promise<void> {
    try {
      requireArguments("Scheduler.wait", arguments.length, 1);
      const { signal } = toDictionary<{ signal: unknown }>(options, "WaitOptions");
      return wait(max(0, Number(delay) || 0), signal);
    } catch (error) {
      return PromiseReject(error);
    }
  }
}

defineInterface("Scheduler", Scheduler);

export const scheduler = new Scheduler();

function wait(milliseconds: number, signal: unknown): Promise<void> {
  if (signal === undefined || signal === null) {
    return new Promise((resolve) => {
      startTimer(milliseconds, resolve);
    });
  }
  if (!isAbortSignal(signal)) throw new TypeError("Scheduler.wait: signal is not an AbortSignal");
  if (isAborted(signal)) throw abortReason(signal);
  return new Promise((resolve, reject) => {
    const abort = (): void => {
      stopTimer(timer);
      reject(abortReason(signal));
    };
    const timer = startTimer(milliseconds, () => {
      removeAbortAlgorithm(signal, abort);
      resolve();
    });
    addAbortAlgorithm(signal, abort);
  });
}
