// Keys from secrets: Web Cryptography §32 (HKDF) and §33 (PBKDF2).

import { copyBytes, PromiseResolve, TypedArrayByteLength } from "../../primordials.js";
import { DOMException } from "../../web/dom_exception.js";
import type { Algorithm, KeySource } from "./algorithm.js";
import { compute, isMuch } from "./compute.js";
import { type CryptoKey, checkUsages, type KeyUsage, keyKind, makeKey } from "./key.js";
import { BITS_32, bytesIn, hashOf, integerOf, operationError } from "./params.js";
import { unsupportedFormat } from "./secret.js";

const USAGES: readonly KeyUsage[] = ["deriveKey", "deriveBits"];

/** The platform's limit. */
const MOST_ITERATIONS = 100_000;
/** So many iterations, for up to two blocks of the hash, are done at once. */
const FEW_ITERATIONS = 1000;
const FEW_BYTES = 64;

function importSecret(
  name: string,
  source: KeySource,
  extractable: boolean,
  usages: readonly KeyUsage[],
): Promise<CryptoKey> {
  if (source.format !== "raw") throw unsupportedFormat(source.format);
  checkUsages(usages, USAGES, name);
  if (extractable) throw new DOMException(`${name} keys can't be extractable.`, "SyntaxError");
  return PromiseResolve(makeKey("secret", keyKind(name), copyBytes(source.bytes), false, usages));
}

/** Length in bytes of what is asked for in bits. */
function sizeOf(length: number | null, name: string): number {
  if (length === null || length % 8 !== 0) {
    throw operationError(`${name} gives a number of bits that is a multiple of 8.`);
  }
  return length / 8;
}

/** §33 */
export const pbkdf2: Algorithm = {
  name: "PBKDF2",
  importKey(source, _params, extractable, usages) {
    return importSecret("PBKDF2", source, extractable, usages);
  },
  deriveBits(params, key, bits, then) {
    const hash = hashOf(params);
    const iterations = integerOf(params, "iterations", BITS_32);
    const salt = bytesIn(params, "salt");
    const length = sizeOf(bits, "PBKDF2");
    if (iterations === 0) throw operationError("PBKDF2 needs at least one iteration.");
    if (iterations > MOST_ITERATIONS) {
      // The platform's words.
      throw new DOMException(
        "Pbkdf2 failed: iteration counts above 100000 are not supported " +
          `(requested ${iterations}).`,
        "NotSupportedError",
      );
    }
    const heavy = iterations > FEW_ITERATIONS || length > FEW_BYTES || isMuch(salt);
    return compute(heavy, "pbkdf2", { hash, iterations, length }, [key.bytes, salt], then);
  },
  keyLength: () => null,
};

/** §32 */
export const hkdf: Algorithm = {
  name: "HKDF",
  importKey(source, _params, extractable, usages) {
    return importSecret("HKDF", source, extractable, usages);
  },
  deriveBits(params, key, bits, then) {
    const hash = hashOf(params);
    const salt = bytesIn(params, "salt");
    const info = bytesIn(params, "info");
    const length = sizeOf(bits, "HKDF");
    const heavy = TypedArrayByteLength(key.bytes) + TypedArrayByteLength(info) > 65536;
    return compute(heavy, "hkdf", { hash, length }, [key.bytes, salt, info], then);
  },
  keyLength: () => null,
};
