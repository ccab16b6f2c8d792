// https://nodejs.org/api/async_context.html, on V8's own async context.

import {
  type ContextSnapshot,
  getContextValue,
  runIn,
  runWithContextValue,
  setContextValue,
  takeSnapshot,
} from "../async_context.js";

const { apply } = Reflect;
const { TypeError } = globalThis;

type Callback = (...values: unknown[]) => unknown;

/** A value that follows the flow: through promises, timers, streams and events. */
export class AsyncLocalStorage {
  readonly #key = {};
  readonly #default: unknown;
  readonly name: string;

  constructor(options: { defaultValue?: unknown; name?: string } = {}) {
    this.#default = options.defaultValue;
    this.name = options.name ?? "";
  }

  /** Gives a function that runs as if it had been called here. */
  static bind(callback: Callback): Callback {
    return AsyncResource.bind(callback);
  }

  /** Gives a function that calls another one as if here. */
  static snapshot(): (callback: Callback, ...values: unknown[]) => unknown {
    const snapshot = takeSnapshot();
    return (callback, ...values) => runIn(snapshot, () => callback(...values));
  }

  run(store: unknown, callback: Callback, ...values: unknown[]): unknown {
    return runWithContextValue(this.#key, { store }, () => callback(...values));
  }

  exit(callback: Callback, ...values: unknown[]): unknown {
    return runWithContextValue(this.#key, undefined, () => callback(...values));
  }

  getStore(): unknown {
    const value = getContextValue(this.#key) as { store: unknown } | undefined;
    return value === undefined ? this.#default : value.store;
  }

  /** From here on, as long as this goes on synchronously and in what follows from it. */
  enterWith(store: unknown): void {
    setContextValue(this.#key, { store });
  }

  disable(): void {
    setContextValue(this.#key, undefined);
  }
}

let lastId = 1;

/** Keeps the context in which it was made. */
export class AsyncResource {
  readonly #snapshot: ContextSnapshot = takeSnapshot();
  readonly #id = ++lastId;
  readonly type: string;

  constructor(type: string) {
    if (typeof type !== "string") {
      throw new TypeError('The "type" argument must be of type string.');
    }
    this.type = type;
  }

  static bind(callback: Callback, type?: string, self?: unknown): Callback {
    return new AsyncResource(type ?? (callback.name || "bound-anonymous-fn")).bind(callback, self);
  }

  bind(callback: Callback, self?: unknown): Callback {
    if (typeof callback !== "function") {
      throw new TypeError('The "fn" argument must be of type function.');
    }
    const snapshot = this.#snapshot;
    const bound = function (this: unknown, ...values: unknown[]): unknown {
      return runIn(snapshot, () => apply(callback, self ?? this, values));
    };
    Object.defineProperty(bound, "length", { value: callback.length, configurable: true });
    return bound;
  }

  runInAsyncScope(callback: Callback, self?: unknown, ...values: unknown[]): unknown {
    return runIn(this.#snapshot, () => apply(callback, self, values));
  }

  asyncId(): number {
    return this.#id;
  }

  triggerAsyncId(): number {
    return 0;
  }

  emitDestroy(): this {
    return this;
  }
}

/** As on the platform: hooks may be made and never run, ids are all zero. */
export function createHook(_callbacks: unknown): { enable(): unknown; disable(): unknown } {
  const hook = { enable: () => hook, disable: () => hook };
  return hook;
}

export const executionAsyncId = (): number => 0;
export const triggerAsyncId = (): number => 0;
export const executionAsyncResource = (): object => ({});
export const asyncWrapProviders: object = Object.freeze({ __proto__: null });

export default {
  AsyncLocalStorage,
  AsyncResource,
  asyncWrapProviders,
  createHook,
  executionAsyncId,
  executionAsyncResource,
  triggerAsyncId,
};
