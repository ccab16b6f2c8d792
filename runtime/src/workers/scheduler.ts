// The platform's scheduler.wait(): a timer as a promise.

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
  async wait(delay: number, options?: { signal?: unknown }): Promise<void> {
    requireArguments("Scheduler.wait", arguments.length, 1);
    const { signal } = toDictionary<{ signal: unknown }>(options, "WaitOptions");
    const milliseconds = max(0, Number(delay) || 0);
    if (signal === undefined || signal === null) {
      // Awaited here: what an async function returns is asked for `then`, which may be a Worker's.
      await new Promise<void>((resolve) => {
        startTimer(milliseconds, resolve);
      });
      return;
    }
    if (!isAbortSignal(signal)) throw new TypeError("Scheduler.wait: signal is not an AbortSignal");
    if (isAborted(signal)) throw abortReason(signal);
    await new Promise<void>((resolve, reject) => {
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
}

defineInterface("Scheduler", Scheduler);

export const scheduler = new Scheduler();
