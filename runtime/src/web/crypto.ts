// Web Cryptography §10: the random part of Crypto.

import { fillRandom, requireRequest } from "../io.js";
import { DOMException } from "./dom_exception.js";
import { defineInterface, requireArguments } from "./webidl.js";

const { Uint8Array, ArrayBuffer, Array } = globalThis;
const typedArrayName = Object.getOwnPropertyDescriptor(
  Object.getPrototypeOf(Uint8Array.prototype),
  Symbol.toStringTag,
)!.get!;
const { apply } = Reflect;

const integerArrays: readonly unknown[] = [
  "Int8Array",
  "Uint8Array",
  "Uint8ClampedArray",
  "Int16Array",
  "Uint16Array",
  "Int32Array",
  "Uint32Array",
  "BigInt64Array",
  "BigUint64Array",
];

/** Bytes that one call may ask for. */
const QUOTA = 65536;

const UUID_SIZE = 16;
/** Asking the host costs more than 16 bytes: take the bytes of many ids at once. */
const POOLED_IDS = 64;

let pool: Uint8Array | null = null;
let pooled = 0;

const hex: readonly string[] = Array.from({ length: 256 }, (_, byte) =>
  byte.toString(16).padStart(2, "0"),
);

export class Crypto {
  getRandomValues<T>(array: T): T {
    requireArguments("Crypto.getRandomValues", arguments.length, 1);
    requireRequest();
    const name: unknown = ArrayBuffer.isView(array) && apply(typedArrayName, array, []);
    if (!integerArrays.includes(name)) {
      throw new DOMException(
        "getRandomValues() needs a typed array of integers.",
        "TypeMismatchError",
      );
    }
    const { buffer, byteOffset, byteLength } = array as unknown as Uint8Array;
    if (byteLength > QUOTA) {
      throw new DOMException(
        `getRandomValues() only accepts buffers of size <= 64K but provided ${byteLength} bytes.`,
        "QuotaExceededError",
      );
    }
    if (byteLength > 0) fillRandom(new Uint8Array(buffer, byteOffset, byteLength));
    return array;
  }

  randomUUID(): string {
    requireRequest();
    if (pool === null || pooled === 0) {
      pool = new Uint8Array(UUID_SIZE * POOLED_IDS);
      fillRandom(pool);
      pooled = POOLED_IDS;
    }
    const start = --pooled * UUID_SIZE;
    let id = "";
    for (let at = 0; at < UUID_SIZE; at++) {
      let byte = pool[start + at]!;
      if (at === 6) byte = (byte & 0x0f) | 0x40;
      if (at === 8) byte = (byte & 0x3f) | 0x80;
      if (at === 4 || at === 6 || at === 8 || at === 10) id += "-";
      id += hex[byte];
    }
    pool.fill(0, start, start + UUID_SIZE);
    return id;
  }
}

defineInterface("Crypto", Crypto);

export const crypto = new Crypto();
