// What setTimeout() gives under Node.js's flag: an object that code may call unref() of.
// https://nodejs.org/api/timers.html#class-timeout

import { listCopy } from "../primordials.js";
import { clearTimeout, setInterval, setTimeout } from "../web/timers.js";

type Callback = (...values: unknown[]) => unknown;

const { apply } = Reflect;
const toPrimitive: typeof Symbol.toPrimitive = Symbol.toPrimitive;

export class Timeout {
  #id: number;
  #referenced = true;
  readonly #start: () => number;

  constructor(callback: Callback, delay: unknown, values: unknown[], repeat: boolean) {
    const set = repeat ? setInterval : setTimeout;
    const all = withValues(callback, delay, values);
    this.#start = () => apply(set, undefined, all) as number;
    this.#id = this.#start();
  }

  /** Nothing waits for timers here, so that this is a matter of hasRef() alone. */
  ref(): this {
    this.#referenced = true;
    return this;
  }

  unref(): this {
    this.#referenced = false;
    return this;
  }

  hasRef(): boolean {
    return this.#referenced;
  }

  /** Starts anew. */
  refresh(): this {
    clearTimeout(this.#id);
    this.#id = this.#start();
    return this;
  }

  close(): this {
    clearTimeout(this.#id);
    return this;
  }

  /** The id, which clearTimeout() takes. */
  [toPrimitive](): number {
    return this.#id;
  }
}

export class Immediate {
  readonly #id: number;
  #referenced = true;

  constructor(callback: Callback, values: unknown[]) {
    this.#id = apply(setTimeout, undefined, withValues(callback, 0, values)) as number;
  }

  ref(): this {
    this.#referenced = true;
    return this;
  }

  unref(): this {
    this.#referenced = false;
    return this;
  }

  hasRef(): boolean {
    return this.#referenced;
  }

  close(): void {
    clearTimeout(this.#id);
  }
}

function withValues(callback: Callback, delay: unknown, values: unknown[]): unknown[] {
  const all = listCopy<unknown>([callback, delay]);
  for (let i = 0; i < values.length; i++) all[all.length] = values[i];
  return all;
}
