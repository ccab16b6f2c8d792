// https://nodejs.org/api/diagnostics_channel.html

import { queueMicrotask } from "../web/microtask.js";

type Listener = (message: unknown, name: string | symbol) => void;
type Store = { run(value: unknown, callback: () => unknown): unknown };
type Transform = (message: unknown) => unknown;
type Callback = (...values: unknown[]) => unknown;

const channels = new Map<string | symbol, Channel>();

export class Channel {
  readonly name: string | symbol;
  readonly #listeners: Listener[] = [];
  readonly #stores = new Map<Store, Transform>();

  constructor(name: string | symbol) {
    this.name = name;
  }

  get hasSubscribers(): boolean {
    return this.#listeners.length > 0 || this.#stores.size > 0;
  }

  subscribe(listener: Listener): void {
    if (typeof listener !== "function") {
      throw new TypeError('The "subscription" argument must be of type function.');
    }
    this.#listeners.push(listener);
  }

  unsubscribe(listener: Listener): boolean {
    const at = this.#listeners.indexOf(listener);
    if (at >= 0) this.#listeners.splice(at, 1);
    return at >= 0;
  }

  /** What a listener throws is an uncaught exception, and not the publisher's. */
  publish(message: unknown): void {
    for (const listener of [...this.#listeners]) {
      try {
        listener(message, this.name);
      } catch (error) {
        queueMicrotask(() => {
          throw error;
        });
      }
    }
  }

  /** In what runStores() calls, the store holds the message, or what `transform` makes of it. */
  bindStore(store: Store, transform: Transform = (message) => message): void {
    this.#stores.set(store, transform);
  }

  unbindStore(store: Store): boolean {
    return this.#stores.delete(store);
  }

  runStores(context: unknown, callback: Callback, self?: unknown, ...values: unknown[]): unknown {
    let run = (): unknown => {
      this.publish(context);
      return Reflect.apply(callback, self, values);
    };
    for (const [store, transform] of this.#stores) {
      const inner = run;
      run = () => store.run(transform(context), inner);
    }
    return run();
  }
}

export function channel(name: string | symbol): Channel {
  const found = channels.get(name) ?? new Channel(name);
  channels.set(name, found);
  return found;
}

export const hasSubscribers = (name: string | symbol): boolean =>
  channels.get(name)?.hasSubscribers ?? false;

export function subscribe(name: string | symbol, listener: Listener): void {
  channel(name).subscribe(listener);
}

export function unsubscribe(name: string | symbol, listener: Listener): boolean {
  return channel(name).unsubscribe(listener);
}

const EVENTS = ["start", "end", "asyncStart", "asyncEnd", "error"] as const;
type Traced = Record<(typeof EVENTS)[number], Channel>;
type Context = Record<string, unknown>;

/** The five channels of something that takes time. */
export class TracingChannel {
  declare readonly start: Channel;
  declare readonly end: Channel;
  declare readonly asyncStart: Channel;
  declare readonly asyncEnd: Channel;
  declare readonly error: Channel;

  constructor(nameOrChannels: string | Traced) {
    for (const event of EVENTS) {
      const made =
        typeof nameOrChannels === "string"
          ? channel(`tracing:${nameOrChannels}:${event}`)
          : nameOrChannels[event];
      Object.defineProperty(this, event, { value: made, enumerable: true });
    }
  }

  get hasSubscribers(): boolean {
    return EVENTS.some((event) => this[event].hasSubscribers);
  }

  subscribe(listeners: Partial<Record<(typeof EVENTS)[number], Listener>>): void {
    for (const event of EVENTS) {
      const listener = listeners[event];
      if (listener !== undefined) this[event].subscribe(listener);
    }
  }

  unsubscribe(listeners: Partial<Record<(typeof EVENTS)[number], Listener>>): boolean {
    let all = true;
    for (const event of EVENTS) {
      const listener = listeners[event];
      if (listener !== undefined && !this[event].unsubscribe(listener)) all = false;
    }
    return all;
  }

  traceSync(callback: Callback, context: Context = {}, self?: unknown, ...values: unknown[]) {
    if (!this.hasSubscribers) return Reflect.apply(callback, self, values);
    return this.start.runStores(context, () => {
      try {
        context.result = Reflect.apply(callback, self, values);
        return context.result;
      } catch (error) {
        this.#failed(context, error);
        throw error;
      } finally {
        this.end.publish(context);
      }
    });
  }

  tracePromise(callback: Callback, context: Context = {}, self?: unknown, ...values: unknown[]) {
    if (!this.hasSubscribers) return Reflect.apply(callback, self, values);
    const settled = (): void => {
      this.asyncStart.publish(context);
      this.asyncEnd.publish(context);
    };
    return this.start.runStores(context, () => {
      try {
        return Promise.resolve(Reflect.apply(callback, self, values)).then(
          (result) => {
            context.result = result;
            settled();
            return result;
          },
          (error) => {
            this.#failed(context, error);
            settled();
            throw error;
          },
        );
      } catch (error) {
        this.#failed(context, error);
        throw error;
      } finally {
        this.end.publish(context);
      }
    });
  }

  /** `position` says which of the values is the callback; else the last. */
  traceCallback(
    callback: Callback,
    position = -1,
    context: Context = {},
    self?: unknown,
    ...values: unknown[]
  ) {
    if (!this.hasSubscribers) return Reflect.apply(callback, self, values);
    const given = values.at(position) as Callback;
    const wrapped = (error: unknown, result: unknown): void => {
      if (error) this.#failed(context, error);
      else context.result = result;
      this.asyncStart.runStores(context, () => {
        try {
          return Reflect.apply(given, undefined, [error, result]);
        } finally {
          this.asyncEnd.publish(context);
        }
      });
    };
    values.splice(position, 1, wrapped);
    return this.start.runStores(context, () => {
      try {
        return Reflect.apply(callback, self, values);
      } catch (error) {
        this.#failed(context, error);
        throw error;
      } finally {
        this.end.publish(context);
      }
    });
  }

  #failed(context: Context, error: unknown): void {
    context.error = error;
    this.error.publish(context);
  }
}

export function tracingChannel(nameOrChannels: string | Traced): TracingChannel {
  return new TracingChannel(nameOrChannels);
}

export default {
  Channel,
  channel,
  hasSubscribers,
  subscribe,
  TracingChannel,
  tracingChannel,
  unsubscribe,
};
