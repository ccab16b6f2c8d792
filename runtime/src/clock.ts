// The clocks that Workers see. They stand still while code runs, as on the platform, so that nobody
// can measure what a computation took: that is how secrets leak through side channels. They show
// when the event came that is being handled, and zero in the global scope. `edgewright dev
// --live-clock` lets them run.

import { monotonicNow } from "./engine.js";
import { SafeWeakMap, uncurryThis } from "./primordials.js";

const NativeDate = globalThis.Date;
const { now: epochNow } = NativeDate;
const { apply, construct } = Reflect;
const { defineProperty, getOwnPropertyDescriptor, getOwnPropertyDescriptors } = Object;
const { TypeError } = globalThis;
const dateToString: (date: Date) => string = uncurryThis(NativeDate.prototype.toString);

let live: { readonly monotonic: number; readonly epoch: number } | null = null;
let current = 0;

/** Milliseconds since 1970, for all that a Worker may see; exact clocks are for the runtime layer. */
export function now(): number {
  return live === null ? current : live.epoch + (monotonicNow() - live.monotonic);
}

/** An event is about to be handled: time has passed. */
export function tick(): void {
  current = epochNow();
}

/** Time passes while code runs. */
export function letClockRun(): void {
  live = { monotonic: monotonicNow(), epoch: epochNow() };
}

/** Puts the clock above behind all that tells the time in the language itself. */
export function installClock(): void {
  installDate();
  installDateTimeFormat();
  // What waits for a given time tells when it has passed; the platform has neither.
  for (const name of ["wait", "waitAsync"] as const) {
    const refuse = {
      [name](): never {
        throw new TypeError(`Atomics.${name} cannot be called in this context`);
      },
    }[name];
    defineProperty(Atomics, name, { value: refuse, writable: true, configurable: true });
  }
}

/**
 * The engine puts Temporal on the global object when an isolate starts. The platform does not have
 * it, and it would need a Temporal.Now of our own.
 */
export function removeTemporal(): void {
  delete (globalThis as { Temporal?: unknown }).Temporal;
  delete (NativeDate.prototype as { toTemporalInstant?: unknown }).toTemporalInstant;
}

/** ECMA-262 §21.4.2, with the time from above. */
function installDate(): void {
  function Date(...values: unknown[]): unknown {
    const time = live === null ? current : epochNow();
    if (new.target === undefined) return dateToString(new NativeDate(time));
    return construct(NativeDate, values.length === 0 ? [time] : values, new.target);
  }
  const members = getOwnPropertyDescriptors(NativeDate) as PropertyDescriptorMap;
  members.now = {
    ...members.now,
    value: { now: () => (live === null ? current : epochNow()) }.now,
  };
  Object.defineProperties(Date, members);
  const { prototype } = NativeDate;
  defineProperty(prototype, "constructor", { value: Date, writable: true, configurable: true });
  defineProperty(globalThis, "Date", { value: Date, writable: true, configurable: true });
}

/** ECMA-402 §11.3: without a date, the formatters take the present time. */
function installDateTimeFormat(): void {
  const { prototype } = Intl.DateTimeFormat;
  const { get: getFormat } = getOwnPropertyDescriptor(prototype, "format") as {
    get(): (date?: unknown) => string;
  };
  const formats = new SafeWeakMap<object, (date?: unknown) => string>();
  const getter = {
    get format() {
      const native = apply(getFormat, this, []) as (date?: unknown) => string;
      let format = formats.get(native);
      if (format === undefined) {
        format = (date) => native(date === undefined ? now() : date);
        formats.set(native, format);
      }
      return format;
    },
  };
  defineProperty(prototype, "format", {
    ...getOwnPropertyDescriptor(getter, "format"),
    enumerable: false,
  });
  const { formatToParts: native } = prototype;
  const { formatToParts } = {
    formatToParts(this: Intl.DateTimeFormat, date?: unknown): unknown {
      return apply(native, this, [date === undefined ? now() : date]);
    },
  };
  defineProperty(prototype, "formatToParts", {
    value: formatToParts,
    writable: true,
    configurable: true,
  });
}
