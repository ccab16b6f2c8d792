// The platform's scheduler.wait(): a timer as a promise.

import { addAbortAlgorithm, isAbortSignal, removeAbortAlgorithm } from "../web/abort.js";
import { startTimer, stopTimer } from "../web/timers.js";
import { defineInterface, requireArguments, toDictionary } from "../web/webidl.js";

const { Promise, TypeError } = globalThis;

export class Scheduler {
  /** Resolves after `delay` milliseconds; rejects with the reason when `signal` is aborted. */
  async wait(delay: number, options?: { signal?: unknown }): Promise<void> {
    requireArguments("Scheduler.wait", arguments.length, 1);
    const { signal } = toDictionary<{ signal: unknown }>(options, "WaitOptions");
    const milliseconds = Math.max(0, Number(delay) || 0);
    if (signal === undefined || signal === null) {
      return new Promise((resolve) => {
        startTimer(milliseconds, resolve);
      });
    }
    if (!isAbortSignal(signal)) throw new TypeError("Scheduler.wait: signal is not an AbortSignal");
    signal.throwIfAborted();
    return new Promise((resolve, reject) => {
      const abort = (): void => {
        stopTimer(timer);
        reject(signal.reason);
      };
      const timer = startTimer(milliseconds, () => {
        removeAbortAlgorithm(signal, abort);
        resolve();
      });
      addAbortAlgorithm(signal, abort);
    });
  }
}

defineInterface("Scheduler", Scheduler);

export const scheduler = new Scheduler();
