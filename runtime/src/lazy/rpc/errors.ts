// Exceptions that cross: name and message of an error, and nothing of its stack or its properties.
// https://developers.cloudflare.com/workers/runtime-apis/rpc/error-handling/

import { isNativeError } from "../../engine.js";
import { DOMException, isDomException } from "../../web/dom_exception.js";

const { Error, EvalError, RangeError, ReferenceError, String, SyntaxError, TypeError, URIError } =
  globalThis;
const { defineProperty } = Reflect;

/** Part of a value's bytes. */
export type ErrorEntry = ["error" | "domexception", name: string, message: string];

export function isError(value: unknown): boolean {
  return isNativeError(value) || isDomException(value);
}

/** Of what isError() is true for. */
export function errorEntry(error: unknown): ErrorEntry {
  const { name, message } = error as Error;
  return [isDomException(error) ? "domexception" : "error", String(name), String(message)];
}

const STANDARD: Record<string, ErrorConstructor> = {
  __proto__: null as never,
  Error,
  EvalError,
  RangeError,
  ReferenceError,
  SyntaxError,
  TypeError,
  URIError,
};

export function newError(kind: unknown, name: string, message: string): object {
  if (kind === "domexception") return new DOMException(message, name);
  const Constructor = STANDARD[name];
  const error = new (Constructor ?? Error)(message);
  if (Constructor === undefined) define(error, "name", name);
  define(error, "stack", message === "" ? name : `${name}: ${message}`);
  return error;
}

/** What the platform adds to an error that another Worker has thrown. */
export function markRemote(error: unknown): void {
  if (isError(error)) define(error as object, "remote", true, true);
}

function define(object: object, key: string, value: unknown, enumerable = false): void {
  defineProperty(object, key, {
    __proto__: null,
    value,
    enumerable,
    writable: true,
    configurable: true,
  } as PropertyDescriptor);
}

export function dataCloneError(message: string): DOMException {
  return new DOMException(message, "DataCloneError");
}

/** The platform's words. */
export function notSerializable(type: string): DOMException {
  return dataCloneError(
    `Could not serialize object of type "${type}". This type does not support serialization.`,
  );
}
