// Web Cryptography §10: Crypto. All but random numbers is loaded when it is first touched.

import { fillRandom } from "../host.js";
import { requireRequest } from "../io.js";
import { loadLazy } from "../lazy.js";
import {
  ArrayIncludes,
  bytesOfView,
  TypedArrayByteLength,
  TypedArrayFill,
  TypedArrayName,
} from "../primordials.js";
import { DOMException } from "./dom_exception.js";
import { defineInterface, requireArguments } from "./webidl.js";

const { TypeError, Uint8Array, Array } = globalThis;
const { isView }: { isView(value: unknown): value is ArrayBufferView } = ArrayBuffer;

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

type Lazy = typeof import("../lazy/crypto.js");

const internal = Symbol();

export class Crypto {
  constructor(token: unknown) {
    if (token !== internal) throw new TypeError("Illegal constructor");
  }

  get subtle(): Lazy["subtle"] {
    return (loadLazy("crypto") as Lazy).subtle;
  }

  /** The platform's own. */
  get DigestStream(): Lazy["DigestStream"] {
    return (loadLazy("crypto") as Lazy).DigestStream;
  }

  getRandomValues<T>(array: T): T {
    requireArguments("Crypto.getRandomValues", arguments.length, 1);
    requireRequest();
    const name = isView(array) ? TypedArrayName(array) : undefined;
    if (!ArrayIncludes(integerArrays, name)) {
      throw new DOMException(
        "getRandomValues() needs a typed array of integers.",
        "TypeMismatchError",
      );
    }
    const bytes = bytesOfView(array as ArrayBufferView);
    const size = TypedArrayByteLength(bytes);
    if (size > QUOTA) {
      throw new DOMException(
        `getRandomValues() only accepts buffers of size <= 64K but provided ${size} bytes.`,
        "QuotaExceededError",
      );
    }
    if (size > 0) fillRandom(bytes);
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
    TypedArrayFill(pool, 0, start, start + UUID_SIZE);
    return id;
  }
}

defineInterface("Crypto", Crypto);

export const crypto = new Crypto(internal);
