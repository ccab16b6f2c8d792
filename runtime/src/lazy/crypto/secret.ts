// Keys that are just bytes: Web Cryptography §25 to §28 (AES) and §29 (HMAC).

import { fillRandom } from "../../host.js";
import { requireRequest } from "../../io.js";
import {
  copyBytes,
  PromiseResolve,
  TypedArrayByteLength,
  Uint8ArrayToBase64,
} from "../../primordials.js";
import { DOMException } from "../../web/dom_exception.js";
import type { Algorithm, KeyFormat, KeySource } from "./algorithm.js";
import { bufferOf, compute, isMuch } from "./compute.js";
import { bytesOfMember, checkJwk, type Jwk, makeJwk } from "./jwk.js";
import {
  type CryptoKey,
  checkUsages,
  type KeyData,
  type KeyUsage,
  keyKind,
  makeKey,
  requireSomeUsage,
} from "./key.js";
import {
  BITS_32,
  bytesIn,
  dataError,
  hashOf,
  integerOf,
  operationError,
  optionalBytesIn,
  type Params,
  toInteger,
} from "./params.js";

/** The bytes of a key that is imported as "raw" or "jwk". */
function secretOf(
  source: KeySource,
  algorithm: (bytes: Uint8Array) => string,
  use: "sig" | "enc",
  extractable: boolean,
  usages: readonly KeyUsage[],
): Uint8Array {
  if (source.format === "raw") return copyBytes(source.bytes);
  if (source.format !== "jwk") throw unsupportedFormat(source.format);
  if (source.jwk.kty !== "oct") throw dataError('The JSON Web Key\'s "kty" is not "oct".');
  const bytes = bytesOfMember(source.jwk, "k");
  checkJwk(source.jwk, "oct", use, extractable, usages, [algorithm(bytes)]);
  return bytes;
}

function exportSecret(format: KeyFormat, key: KeyData, alg: string): Uint8Array | Jwk {
  if (format === "raw") return copyBytes(key.bytes);
  if (format !== "jwk") throw unsupportedFormat(format);
  const k = Uint8ArrayToBase64(key.bytes, {
    __proto__: null,
    alphabet: "base64url",
    omitPadding: true,
  });
  return makeJwk(key, "oct", { k, alg });
}

export function unsupportedFormat(format: string): DOMException {
  return new DOMException(
    `Keys of this algorithm have no format "${format}".`,
    "NotSupportedError",
  );
}

function randomBytes(size: number): Uint8Array {
  requireRequest();
  const bytes = new Uint8Array(size);
  fillRandom(bytes);
  return bytes;
}

// --- AES -----------------------------------------------------------------------------------------

const BLOCK = 16;

function isAesLength(bits: number): boolean {
  return bits === 128 || bits === 192 || bits === 256;
}

function aesLength(params: Params): number {
  const length = integerOf(params, "length", 0xffff);
  if (!isAesLength(length)) {
    throw operationError(`AES keys have 128, 192 or 256 bits, not ${length}.`);
  }
  return length;
}

/** What all kinds of AES have in common; `suffix` is what JSON Web Keys call the kind. */
function aesKeys(name: string, suffix: string, usages: readonly KeyUsage[]) {
  const jwkName = (bytes: Uint8Array): string => `A${TypedArrayByteLength(bytes) * 8}${suffix}`;
  const make = (bytes: Uint8Array, extractable: boolean, asked: readonly KeyUsage[]): CryptoKey => {
    const length = TypedArrayByteLength(bytes) * 8;
    if (!isAesLength(length)) throw dataError(`AES keys have 128, 192 or 256 bits, not ${length}.`);
    return makeKey("secret", keyKind(name, { length }), bytes, extractable, asked);
  };
  return {
    name,
    generateKey(params, extractable, asked) {
      checkUsages(asked, usages, name);
      const length = aesLength(params);
      requireSomeUsage(asked);
      return PromiseResolve(make(randomBytes(length / 8), extractable, asked));
    },
    importKey(source, _params, extractable, asked) {
      checkUsages(asked, usages, name);
      const bytes = secretOf(source, jwkName, "enc", extractable, asked);
      return PromiseResolve(make(bytes, extractable, asked));
    },
    exportKey: (format, key) => exportSecret(format, key, jwkName(key.bytes)),
    keyLength: aesLength,
  } satisfies Algorithm;
}

const CIPHER_USAGES: readonly KeyUsage[] = ["encrypt", "decrypt", "wrapKey", "unwrapKey"];

function initializationVector(params: Params): Uint8Array {
  const iv = bytesIn(params, "iv");
  if (TypedArrayByteLength(iv) !== BLOCK) throw operationError('"iv" is not of 16 bytes.');
  return iv;
}

/** §26 */
export const aesCbc: Algorithm = {
  ...aesKeys("AES-CBC", "CBC", CIPHER_USAGES),
  encrypt: (params, key, data, then) =>
    compute(
      isMuch(data),
      "aes-cbc-encrypt",
      {},
      [key.bytes, initializationVector(params), data],
      then,
    ),
  decrypt: (params, key, data, then) =>
    compute(
      isMuch(data),
      "aes-cbc-decrypt",
      {},
      [key.bytes, initializationVector(params), data],
      then,
    ),
};

const countWith: NonNullable<Algorithm["encrypt"]> = (params, key, data, then) => {
  const counter = bytesIn(params, "counter");
  if (TypedArrayByteLength(counter) !== BLOCK)
    throw operationError('"counter" is not of 16 bytes.');
  const length = integerOf(params, "length", 0xff);
  if (length < 1 || length > 128) throw operationError('"length" is not between 1 and 128.');
  return compute(isMuch(data), "aes-ctr", { length }, [key.bytes, counter, data], then);
};

/** §25 */
export const aesCtr: Algorithm = {
  ...aesKeys("AES-CTR", "CTR", CIPHER_USAGES),
  encrypt: countWith,
  decrypt: countWith,
};

function tagLength(params: Params): number {
  const { tagLength: given } = params;
  const length = given === undefined ? 128 : toInteger(given, 0xff, '"tagLength"');
  if (length !== 32 && length !== 64 && !(length >= 96 && length <= 128 && length % 8 === 0)) {
    throw operationError(`AES-GCM has no tags of ${length} bits.`);
  }
  return length;
}

/** §27 */
export const aesGcm: Algorithm = {
  ...aesKeys("AES-GCM", "GCM", CIPHER_USAGES),
  encrypt: (params, key, data, then) => gcm("aes-gcm-encrypt", params, key, data, then),
  decrypt: (params, key, data, then) => gcm("aes-gcm-decrypt", params, key, data, then),
};

function gcm<T>(
  native: string,
  params: Params,
  key: KeyData,
  data: Uint8Array,
  then: (bytes: Uint8Array) => T | PromiseLike<T>,
): Promise<T> {
  const iv = bytesIn(params, "iv");
  const additional = optionalBytesIn(params, "additionalData");
  const options = { tag_length: tagLength(params) };
  const heavy = isMuch(data) || isMuch(additional);
  return compute(heavy, native, options, [key.bytes, iv, additional, data], then);
}

/** §28 */
export const aesKw: Algorithm = {
  ...aesKeys("AES-KW", "KW", ["wrapKey", "unwrapKey"]),
  wrap: (key, data, then) => compute(isMuch(data), "aes-kw-wrap", {}, [key.bytes, data], then),
  unwrap: (key, data, then) => compute(isMuch(data), "aes-kw-unwrap", {}, [key.bytes, data], then),
};

// --- HMAC ----------------------------------------------------------------------------------------

const HMAC_USAGES: readonly KeyUsage[] = ["sign", "verify"];

/** Bits of what the hash function takes at a time. */
function blockSize(hash: string): number {
  return hash === "SHA-384" || hash === "SHA-512" ? 1024 : 512;
}

function hmacLength(params: Params, hash: string): number {
  const { length: given } = params;
  if (given === undefined) return blockSize(hash);
  const length = toInteger(given, BITS_32, '"length"');
  if (length === 0) throw operationError("HMAC keys are not empty.");
  return length;
}

const HMAC_NAMES: Record<string, string> = {
  __proto__: null as never,
  MD5: "",
  "SHA-1": "HS1",
  "SHA-256": "HS256",
  "SHA-384": "HS384",
  "SHA-512": "HS512",
};

/** Longest key, in bits, that is made here: nobody needs a longer one than the block. */
const LONGEST = 8 * 65536;

/** §29 */
export const hmac: Algorithm = {
  name: "HMAC",
  generateKey(params, extractable, usages) {
    checkUsages(usages, HMAC_USAGES, "HMAC");
    const hash = hashOf(params);
    const length = hmacLength(params, hash);
    if (length > LONGEST) throw operationError(`HMAC keys have at most ${LONGEST} bits.`);
    requireSomeUsage(usages);
    const bytes = randomBytes(Math.ceil(length / 8));
    const kind = keyKind("HMAC", { hash, length });
    return PromiseResolve(makeKey("secret", kind, bytes, extractable, usages));
  },
  importKey(source, params, extractable, usages) {
    checkUsages(usages, HMAC_USAGES, "HMAC");
    const hash = hashOf(params);
    const name = HMAC_NAMES[hash] as string;
    const bytes = secretOf(source, () => name, "sig", extractable, usages);
    const bits = TypedArrayByteLength(bytes) * 8;
    if (bits === 0) throw dataError("HMAC keys are not empty.");
    const { length: given } = params;
    const length = given === undefined ? bits : toInteger(given, BITS_32, '"length"');
    if (length > bits || length <= bits - 8) {
      throw dataError(`The key has ${bits} bits, which is not the length that was given.`);
    }
    const kind = keyKind("HMAC", { hash, length });
    return PromiseResolve(makeKey("secret", kind, bytes, extractable, usages));
  },
  exportKey: (format, key) => exportSecret(format, key, HMAC_NAMES[hashIn(key)] as string),
  sign: (_params, key, data) =>
    compute(isMuch(data), "hmac-sign", { hash: hashIn(key) }, [key.bytes, data], bufferOf),
  verify: (_params, key, signature, data) =>
    compute(
      isMuch(data),
      "hmac-verify",
      { hash: hashIn(key) },
      [key.bytes, signature, data],
      (valid: boolean) => valid,
    ),
  keyLength: (params) => hmacLength(params, hashOf(params)),
};

export function hashIn(key: KeyData): string {
  return key.kind.hash as string;
}
