// What the algorithms are told: dictionaries of a Worker's (Web Cryptography §11.1, Web IDL §3.2).

import { encodeUtf8 } from "../../engine.js";
import { StringToUpperCase } from "../../primordials.js";
import { DOMException } from "../../web/dom_exception.js";
import { bytesOf } from "../../web/webidl.js";

/** A Worker's dictionary. Reading a member may run its code. */
export type Params = Record<string, unknown>;

const noParams: Params = { __proto__: null } as never;

/** An AlgorithmIdentifier is a name or a dictionary with one. */
export function readAlgorithm(value: unknown): { name: string; params: Params } {
  if ((typeof value === "object" && value !== null) || typeof value === "function") {
    const { name } = value as { name?: unknown };
    if (name === undefined) throw new TypeError("The algorithm has no name.");
    return { name: `${name}`, params: value as Params };
  }
  return { name: `${value}`, params: noParams };
}

const HASHES: Record<string, string> = {
  __proto__: null as never,
  MD5: "MD5",
  "SHA-1": "SHA-1",
  "SHA-256": "SHA-256",
  "SHA-384": "SHA-384",
  "SHA-512": "SHA-512",
};

/** The hash function of an AlgorithmIdentifier, by the standard's name. */
export function toHash(value: unknown): string {
  const { name } = readAlgorithm(value);
  const hash = HASHES[StringToUpperCase(name)];
  if (hash === undefined) {
    throw new DOMException(`Unrecognized hash algorithm: "${name}"`, "NotSupportedError");
  }
  return hash;
}

/** The `hash` of a dictionary where it is required. */
export function hashOf(params: Params): string {
  const { hash } = params;
  if (hash === undefined) throw new TypeError('Missing field "hash" in the algorithm.');
  return toHash(hash);
}

/** Web IDL's [EnforceRange]. */
export function toInteger(value: unknown, most: number, what: string): number {
  const number = Math.trunc(Number(value));
  if (!(number >= 0 && number <= most)) {
    throw new TypeError(`${what} is not an integer between 0 and ${most}.`);
  }
  return number + 0;
}

/** A required integer of a dictionary. */
export function integerOf(params: Params, name: string, most: number): number {
  const value = params[name];
  if (value === undefined) throw new TypeError(`Missing field "${name}" in the algorithm.`);
  return toInteger(value, most, `"${name}"`);
}

/** A required BufferSource of a dictionary. */
export function bytesIn(params: Params, name: string): Uint8Array {
  const value = params[name];
  if (value === undefined) throw new TypeError(`Missing field "${name}" in the algorithm.`);
  return bytesOf(value, `"${name}"`);
}

/** One that may be left out: then it is empty. */
export function optionalBytesIn(params: Params, name: string): Uint8Array {
  const value = params[name];
  return value === undefined ? new Uint8Array(0) : bytesOf(value, `"${name}"`);
}

export const BITS_32 = 0xffffffff;

export function operationError(message: string): DOMException {
  return new DOMException(message, "OperationError");
}

export function dataError(message: string): DOMException {
  return new DOMException(message, "DataError");
}

export function accessError(message: string): DOMException {
  return new DOMException(message, "InvalidAccessError");
}

export function utf8(text: string): Uint8Array {
  return encodeUtf8(text);
}
