// DOM §3: AbortController and AbortSignal.

import { reportException } from "../errors.js";
import { ArrayEvery, ArrayFind, SafeSet, safeList } from "../primordials.js";
import { DOMException } from "./dom_exception.js";
import { defineEventHandlers } from "./event_handlers.js";
import { dispatch, Event, EventTarget, setSignalHooks } from "./events.js";
import { showAttributes } from "./inspect.js";
import { startTimer } from "./timers.js";
import { defineInterface, requireArguments } from "./webidl.js";

const { Number, TypeError } = globalThis;
const { isSafeInteger } = Number;
const { trunc } = Math;

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
export let isAborted: (signal: AbortSignal) => boolean;
export let abortReason: (signal: AbortSignal) => unknown;
export let isAbortSignal: (value: unknown) => value is AbortSignal;

export class AbortSignal extends EventTarget {
  #aborted = false;
  #reason: unknown = undefined;
  readonly #algorithms: SafeSet<() => void> = new SafeSet();
  /**
   * The standard lets a dependent signal that nobody listens to be collected before its sources.
   * Here a source keeps its dependents until it is aborted or collected itself, which is the same
   * for signals that live as long as a request.
   */
  readonly #dependents: SafeSet<AbortSignal> = new SafeSet();
  #sources: SafeSet<AbortSignal> | null = null;

  static {
    isAbortSignal = (value): value is AbortSignal =>
      typeof value === "object" && value !== null && #aborted in value;
    isAborted = (signal) => signal.#aborted;
    abortReason = (signal) => signal.#reason;
    addAbortAlgorithm = (signal, algorithm) => {
      if (!signal.#aborted) signal.#algorithms.add(algorithm);
    };
    removeAbortAlgorithm = (signal, algorithm) => {
      signal.#algorithms.delete(algorithm);
    };
    signalAbort = (signal, reason) => {
      if (signal.#aborted) return;
      signal.#setReason(reason);
      const dependents = safeList<AbortSignal>();
      signal.#dependents.forEach((dependent) => {
        if (!dependent.#aborted) dependents[dependents.length] = dependent;
      });
      for (let i = 0; i < dependents.length; i++) dependents[i]!.#setReason(signal.#reason);
      signal.#run();
      for (let i = 0; i < dependents.length; i++) dependents[i]!.#run();
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
    const delay = trunc(Number(milliseconds));
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
    if (!ArrayEvery(sources, isAbortSignal)) {
      throw new TypeError("AbortSignal.any: an item of the sequence is not an AbortSignal");
    }
    const result = newSignal();
    const aborted = ArrayFind(sources, (source) => source.#aborted);
    if (aborted !== undefined) {
      result.#setReason(aborted.#reason);
      return result;
    }
    const roots: SafeSet<AbortSignal> = new SafeSet();
    result.#sources = roots;
    const follow = (root: AbortSignal): void => {
      roots.add(root);
      root.#dependents.add(result);
    };
    for (let i = 0; i < sources.length; i++) {
      const source = sources[i] as AbortSignal;
      // A dependent signal depends on the sources themselves: the tree stays flat.
      if (source.#sources === null) follow(source);
      else source.#sources.forEach(follow);
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
    this.#algorithms.forEach((algorithm) => {
      try {
        algorithm();
      } catch (error) {
        reportException(error);
      }
    });
    this.#algorithms.clear();
    this.#dependents.clear();
    dispatch(this, new Event("abort"), reportException);
  }
}

defineInterface("AbortSignal", AbortSignal);
showAttributes(AbortSignal, ["aborted"]);
defineEventHandlers(AbortSignal, ["abort"]);
setSignalHooks(isAbortSignal, isAborted, addAbortAlgorithm);

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
