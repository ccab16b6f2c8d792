// https://nodejs.org/api/util.html
// inspect() and format() are Node.js's own, by node-inspect-extracted.

import process from "node:process";
import types from "node:util/types";
import {
  format,
  formatWithOptions,
  inspect,
  stripVTControlCharacters,
} from "node-inspect-extracted";
import { MIMEParams, MIMEType } from "unenv/node/internal/util/mime";
import unenvUtil from "unenv/node/util";

// biome-ignore lint/suspicious/noExplicitAny: any function at all
type Callback = (...values: any[]) => any;
type Target = { addEventListener(type: string, listener: () => void, options: object): void };

const { TextDecoder, TextEncoder, AbortController } = globalThis as unknown as {
  TextDecoder: unknown;
  TextEncoder: unknown;
  AbortController: new () => { readonly signal: unknown };
};

const CUSTOM = Symbol.for("nodejs.util.promisify.custom");

/** The form with a promise of a function whose last argument is a callback. */
export const promisify: ((callback: Callback) => Callback) & { custom: symbol } = Object.assign(
  (callback: Callback): Callback => {
    if (typeof callback !== "function") {
      throw new TypeError('The "original" argument must be of type function.');
    }
    const custom = (callback as unknown as Record<symbol, unknown>)[CUSTOM];
    if (custom !== undefined) return custom as Callback;
    const promised = function (this: unknown, ...values: unknown[]): Promise<unknown> {
      return new Promise((resolve, reject) => {
        Reflect.apply(callback, this, [
          ...values,
          (error: unknown, value: unknown) => (error ? reject(error) : resolve(value)),
        ]);
      });
    };
    Object.setPrototypeOf(promised, Object.getPrototypeOf(callback));
    Object.defineProperty(promised, CUSTOM, { value: promised, configurable: true });
    return Object.defineProperties(promised, Object.getOwnPropertyDescriptors(callback));
  },
  { custom: CUSTOM },
);

/** The form with a callback of a function that gives a promise. */
export function callbackify(original: Callback): Callback {
  return function (this: unknown, ...values: unknown[]): void {
    const callback = values.pop() as Callback;
    Promise.resolve(Reflect.apply(original, this, values)).then(
      (value) => queueMicrotask(() => callback(null, value)),
      (error) => queueMicrotask(() => callback(error ?? new Error("Promise was rejected"))),
    );
  };
}

declare function require(name: string): { isDeepStrictEqual(a: unknown, b: unknown): boolean };

/** As assert.deepStrictEqual() compares; loaded when it is needed, as it needs this module. */
export function isDeepStrictEqual(a: unknown, b: unknown): boolean {
  return require("assert/build/internal/util/comparisons").isDeepStrictEqual(a, b);
}

declare function queueMicrotask(callback: () => void): void;

/** The classic way to extend a class that is a function. */
export function inherits(constructor: Callback, parent: Callback): void {
  Object.defineProperty(constructor, "super_", {
    value: parent,
    writable: true,
    configurable: true,
  });
  Object.setPrototypeOf(constructor.prototype, parent.prototype);
}

const deprecated = new Set<string>();

/** Prints a warning, once, when the function is called. */
export function deprecate(callback: Callback, message: string, code?: string): Callback {
  return function (this: unknown, ...values: unknown[]): unknown {
    const key = code ?? message;
    if (!deprecated.has(key)) {
      deprecated.add(key);
      console.warn(`DeprecationWarning: ${message}`);
    }
    return new.target === undefined
      ? Reflect.apply(callback, this, values)
      : Reflect.construct(callback, values, new.target);
  };
}

/** Prints when NODE_DEBUG names the section. */
export function debuglog(section: string): Callback & { enabled: boolean } {
  const enabled = (process.env.NODE_DEBUG ?? "")
    .toUpperCase()
    .split(",")
    .includes(section.toUpperCase());
  const log = (...values: unknown[]): void => {
    if (enabled) console.error(`${section.toUpperCase()}: ${format(...values)}`);
  };
  return Object.assign(log, { enabled });
}

export const debug = debuglog;

export function toUSVString(text: unknown): string {
  return `${text}`.toWellFormed();
}

/** Resolves when the signal is aborted. */
export function aborted(signal: Target & { aborted: boolean }, _resource: object): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener("abort", () => resolve(), { once: true });
  });
}

/** Text in the colours of a terminal. */
export function styleText(style: string | string[], text: string): string {
  const styles = Array.isArray(style) ? style : [style];
  let styled = text;
  for (const name of styles.toReversed()) {
    const codes = inspect.colors[name];
    if (codes === undefined) throw new TypeError(`The style ${inspect(name)} is not known.`);
    styled = `\u001b[${codes[0]}m${styled}\u001b[${codes[1]}m`;
  }
  return styled;
}

export const transferableAbortController = (): unknown => new AbortController();
export const transferableAbortSignal = (signal: unknown): unknown => signal;

/** The lines of a `.env` file. */
export function parseEnv(text: string): Record<string, string> {
  const found: Record<string, string> = {};
  const line = /^\s*(?:export\s+)?([\w.-]+)\s*=\s*("(?:\\"|[^"])*"|'[^']*'|`[^`]*`|[^#\r\n]*)?/gm;
  for (const { 1: name, 2: raw = "" } of text.matchAll(line)) {
    const value = raw.trim();
    const quoted = /^(["'`])([\s\S]*)\1$/.exec(value);
    const inner = quoted?.[2] ?? value;
    found[name as string] = quoted?.[1] === '"' ? inner.replaceAll("\\n", "\n") : inner;
  }
  return found;
}

export function _extend(target: object, source: unknown): object {
  return typeof source === "object" && source !== null ? Object.assign(target, source) : target;
}

export const { isArray } = Array;
export const {
  _errnoException,
  _exceptionWithHostPort,
  getCallSite,
  getCallSites,
  getSystemErrorMap,
  getSystemErrorMessage,
  getSystemErrorName,
  parseArgs,
} = unenvUtil as Record<string, unknown>;

export {
  format,
  formatWithOptions,
  inspect,
  MIMEParams,
  MIMEType,
  stripVTControlCharacters,
  TextDecoder,
  TextEncoder,
  types,
};

export default {
  _errnoException,
  _exceptionWithHostPort,
  _extend,
  aborted,
  callbackify,
  debug,
  debuglog,
  deprecate,
  format,
  formatWithOptions,
  getCallSite,
  getCallSites,
  getSystemErrorMap,
  getSystemErrorMessage,
  getSystemErrorName,
  inherits,
  inspect,
  isArray,
  isDeepStrictEqual,
  MIMEParams,
  MIMEType,
  parseArgs,
  parseEnv,
  promisify,
  stripVTControlCharacters,
  styleText,
  TextDecoder,
  TextEncoder,
  toUSVString,
  transferableAbortController,
  transferableAbortSignal,
  types,
};
