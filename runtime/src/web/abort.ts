// DOM §3: AbortController and AbortSignal.

import { reportException } from "../io.js";
import { DOMException } from "./dom_exception.js";
import { defineEventHandlers, dispatch, Event, EventTarget, setSignalHooks } from "./events.js";
import { showAttributes } from "./inspect.js";
import { startTimer } from "./timers.js";
import { defineInterface, requireArguments } from "./webidl.js";

const { Set, TypeError } = globalThis;
const { isSafeInteger } = Number;

const internal = Symbol("internal");

/** A signal that nobody's controller owns: a request's, for instance. */
export function newSignal(): AbortSignal {
  return new AbortSignal(internal);
}

/** DOM §3.2, "signal abort". Without a reason, the default AbortError. */
export let signalAbort: (signal: AbortSignal, reason?: unknown) => void;
/** DOM §3.2, "add": runs once when the signal is aborted, before its listeners. */
export let addAbortAlgorithm: (signal: AbortSignal, algorithm: () => void) => void;
export let removeAbortAlgorithm: (signal: AbortSignal, algorithm: () => void) => void;
export let isAbortSignal: (value: unknown) => value is AbortSignal;

export class AbortSignal extends EventTarget {
  #aborted = false;
  #reason: unknown = undefined;
  readonly #algorithms = new Set<() => void>();
  /**
   * The standard lets a dependent signal that nobody listens to be collected before its sources.
   * Here a source keeps its dependents until it is aborted or collected itself, which is the same
   * for signals that live as long as a request.
   */
  readonly #dependents = new Set<AbortSignal>();
  #sources: Set<AbortSignal> | null = null;

  static {
    isAbortSignal = (value): value is AbortSignal =>
      typeof value === "object" && value !== null && #aborted in value;
    addAbortAlgorithm = (signal, algorithm) => {
      if (!signal.#aborted) signal.#algorithms.add(algorithm);
    };
    removeAbortAlgorithm = (signal, algorithm) => {
      signal.#algorithms.delete(algorithm);
    };
    signalAbort = (signal, reason) => {
      if (signal.#aborted) return;
      signal.#setReason(reason);
      const dependents = [...signal.#dependents].filter((dependent) => !dependent.#aborted);
      for (const dependent of dependents) dependent.#setReason(signal.#reason);
      signal.#run();
      for (const dependent of dependents) dependent.#run();
    };
  }

  constructor(key: unknown) {
    if (key !== internal) throw new TypeError("Illegal constructor");
    super();
  }

  static abort(reason?: unknown): AbortSignal {
    const signal = newSignal();
    signal.#setReason(reason);
    return signal;
  }

  static timeout(milliseconds: number): AbortSignal {
    requireArguments("AbortSignal.timeout", arguments.length, 1);
    const delay = Math.trunc(Number(milliseconds));
    // Web IDL's [EnforceRange] unsigned long long.
    if (!isSafeInteger(delay) || delay < 0) {
      throw new TypeError("AbortSignal.timeout: milliseconds is out of range");
    }
    const signal = newSignal();
    startTimer(delay, () => {
      signalAbort(
        signal,
        new DOMException("The operation was aborted due to timeout", "TimeoutError"),
      );
    });
    return signal;
  }

  static any(signals: Iterable<AbortSignal>): AbortSignal {
    requireArguments("AbortSignal.any", arguments.length, 1);
    const sources = [...signals];
    if (!sources.every(isAbortSignal)) {
      throw new TypeError("AbortSignal.any: an item of the sequence is not an AbortSignal");
    }
    const result = newSignal();
    const aborted = sources.find((source) => source.#aborted);
    if (aborted !== undefined) {
      result.#setReason(aborted.#reason);
      return result;
    }
    result.#sources = new Set();
    for (const source of sources) {
      // A dependent signal depends on the sources themselves: the tree stays flat.
      for (const root of source.#sources ?? [source]) {
        result.#sources.add(root);
        root.#dependents.add(result);
      }
    }
    return result;
  }

  get aborted(): boolean {
    return this.#aborted;
  }

  get reason(): unknown {
    return this.#reason;
  }

  throwIfAborted(): void {
    if (this.#aborted) throw this.#reason;
  }

  declare onabort: ((event: Event) => unknown) | null;

  #setReason(reason: unknown): void {
    this.#aborted = true;
    this.#reason =
      reason === undefined ? new DOMException("The operation was aborted", "AbortError") : reason;
  }

  #run(): void {
    for (const algorithm of this.#algorithms) {
      try {
        algorithm();
      } catch (error) {
        reportException(error);
      }
    }
    this.#algorithms.clear();
    this.#dependents.clear();
    dispatch(this, new Event("abort"), reportException);
  }
}

defineInterface("AbortSignal", AbortSignal);
showAttributes(AbortSignal, ["aborted"]);
defineEventHandlers(AbortSignal, ["abort"]);
setSignalHooks(isAbortSignal, addAbortAlgorithm);

export class AbortController {
  readonly #signal = newSignal();

  get signal(): AbortSignal {
    return this.#signal;
  }

  abort(reason?: unknown): void {
    signalAbort(this.#signal, reason);
  }
}

defineInterface("AbortController", AbortController);
showAttributes(AbortController, ["signal"]);
