// Web Cryptography §14: SubtleCrypto. Each operation converts its arguments, finds the algorithm,
// and checks that the key is one for it and may be used so.

import { decodeUtf8 } from "../../engine.js";
import {
  ArrayIncludes,
  PromiseReject,
  PromiseResolve,
  StringToUpperCase,
  TypedArrayByteLength,
} from "../../primordials.js";
import { DOMException } from "../../web/dom_exception.js";
import { bytesOf, defineInterface, requireArguments } from "../../web/webidl.js";
import type { Algorithm, CryptoKeyPair, KeyFormat, KeySource } from "./algorithm.js";
import { bufferOf, compute, computeNow, isMuch } from "./compute.js";
import { ecdh, ecdsa, ed25519, nodeEd25519, x25519 } from "./curves.js";
import { hkdf, pbkdf2 } from "./derive.js";
import { type Jwk, parseJwk, toJwk, toObject } from "./jwk.js";
import {
  type CryptoKey,
  isCryptoKey,
  type KeyData,
  type KeyUsage,
  keyData,
  toUsages,
} from "./key.js";
import {
  accessError,
  BITS_32,
  type Params,
  readAlgorithm,
  toHash,
  toInteger,
  utf8,
} from "./params.js";
import { rsaOaep, rsaPkcs1, rsaPss } from "./rsa.js";
import { aesCbc, aesCtr, aesGcm, aesKw, hmac } from "./secret.js";

const ALGORITHMS: Record<string, Algorithm> = {
  __proto__: null as never,
  "AES-CBC": aesCbc,
  "AES-CTR": aesCtr,
  "AES-GCM": aesGcm,
  "AES-KW": aesKw,
  ECDH: ecdh,
  ECDSA: ecdsa,
  ED25519: ed25519,
  HKDF: hkdf,
  HMAC: hmac,
  "NODE-ED25519": nodeEd25519,
  PBKDF2: pbkdf2,
  "RSA-OAEP": rsaOaep,
  "RSA-PSS": rsaPss,
  "RSASSA-PKCS1-V1_5": rsaPkcs1,
  X25519: x25519,
};

// An operation that an algorithm has not is not to be found on Object.prototype either.
for (const name in ALGORITHMS) Object.setPrototypeOf(ALGORITHMS[name] as object, null);

const FORMATS: readonly string[] = ["raw", "pkcs8", "spki", "jwk"];

const internal = Symbol();
let brand: (value: unknown) => boolean;

export class SubtleCrypto {
  readonly #brand = true;

  static {
    brand = (value) => typeof value === "object" && value !== null && #brand in value;
  }

  constructor(token: unknown) {
    if (token !== internal) throw new TypeError("Illegal constructor");
  }

  /** §14.3.1 */
  encrypt(algorithm: unknown, key: unknown, data: unknown): Promise<ArrayBuffer> {
    return answer(this, "encrypt", arguments.length, 3, () => {
      const { found, params } = find(algorithm, "encrypt");
      const bytes = bytesOf(data, "encrypt");
      return found.encrypt(params, usable(key, found, "encrypt"), bytes, bufferOf);
    });
  }

  /** §14.3.2 */
  decrypt(algorithm: unknown, key: unknown, data: unknown): Promise<ArrayBuffer> {
    return answer(this, "decrypt", arguments.length, 3, () => {
      const { found, params } = find(algorithm, "decrypt");
      const bytes = bytesOf(data, "decrypt");
      return found.decrypt(params, usable(key, found, "decrypt"), bytes, bufferOf);
    });
  }

  /** §14.3.3 */
  sign(algorithm: unknown, key: unknown, data: unknown): Promise<ArrayBuffer> {
    return answer(this, "sign", arguments.length, 3, () => {
      const { found, params } = find(algorithm, "sign");
      return found.sign(params, usable(key, found, "sign"), bytesOf(data, "sign"));
    });
  }

  /** §14.3.4 */
  verify(algorithm: unknown, key: unknown, signature: unknown, data: unknown): Promise<boolean> {
    return answer(this, "verify", arguments.length, 4, () => {
      const { found, params } = find(algorithm, "verify");
      const signed = bytesOf(signature, "verify");
      return found.verify(params, usable(key, found, "verify"), signed, bytesOf(data, "verify"));
    });
  }

  /** §14.3.5 */
  digest(algorithm: unknown, data: unknown): Promise<ArrayBuffer> {
    return answer(this, "digest", arguments.length, 2, () => {
      const hash = toHash(algorithm);
      const bytes = bytesOf(data, "digest");
      return compute(isMuch(bytes), "digest", { hash }, [bytes], bufferOf);
    });
  }

  /** §14.3.6 */
  generateKey(
    algorithm: unknown,
    extractable: unknown,
    keyUsages: unknown,
  ): Promise<CryptoKey | CryptoKeyPair> {
    return answer(this, "generateKey", arguments.length, 3, () => {
      const { found, params } = find(algorithm, "generateKey");
      return found.generateKey(params, Boolean(extractable), toUsages(keyUsages));
    });
  }

  /** §14.3.7 */
  deriveKey(
    algorithm: unknown,
    baseKey: unknown,
    derivedKeyType: unknown,
    extractable: unknown,
    keyUsages: unknown,
  ): Promise<CryptoKey> {
    return answer(this, "deriveKey", arguments.length, 5, () => {
      const { found, params } = find(algorithm, "deriveBits");
      const { found: derived, params: derivedParams } = find(derivedKeyType, "keyLength");
      const usages = toUsages(keyUsages);
      const key = usable(baseKey, found, "deriveKey");
      const length = derived.keyLength(derivedParams);
      return found.deriveBits(params, key, length, (bytes) =>
        importInto(derived, { format: "raw", bytes }, derivedParams, Boolean(extractable), usages),
      );
    });
  }

  /** §14.3.8 */
  deriveBits(algorithm: unknown, baseKey: unknown, length: unknown = null): Promise<ArrayBuffer> {
    return answer(this, "deriveBits", arguments.length, 2, () => {
      const { found, params } = find(algorithm, "deriveBits");
      const bits = length === null ? null : toInteger(length, BITS_32, "The length");
      return found.deriveBits(params, usable(baseKey, found, "deriveBits"), bits, bufferOf);
    });
  }

  /** §14.3.9 */
  importKey(
    format: unknown,
    keyDataGiven: unknown,
    algorithm: unknown,
    extractable: unknown,
    keyUsages: unknown,
  ): Promise<CryptoKey> {
    return answer(this, "importKey", arguments.length, 5, () => {
      const form = toFormat(format);
      const { found, params } = find(algorithm, "importKey");
      const usages = toUsages(keyUsages);
      const source: KeySource =
        form === "jwk"
          ? { format: form, jwk: toJwk(keyDataGiven) }
          : { format: form, bytes: bytesOf(keyDataGiven, "importKey") };
      return found.importKey(source, params, Boolean(extractable), usages);
    });
  }

  /** §14.3.10 */
  exportKey(format: unknown, key: unknown): Promise<ArrayBuffer | object> {
    return answer(this, "exportKey", arguments.length, 2, () => {
      const exported = exportFrom(toFormat(format), toKey(key));
      return PromiseResolve<ArrayBuffer | object>(
        exported.bytes === null ? toObject(exported.jwk) : bufferOf(exported.bytes),
      );
    });
  }

  /** §14.3.11 */
  wrapKey(
    format: unknown,
    key: unknown,
    wrappingKey: unknown,
    wrapAlgorithm: unknown,
  ): Promise<ArrayBuffer> {
    return answer(this, "wrapKey", arguments.length, 4, () => {
      const form = toFormat(format);
      const { found, params } = findWrapping(wrapAlgorithm, "wrap", "encrypt");
      const wrapping = usable(wrappingKey, found, "wrapKey");
      const exported = exportFrom(form, toKey(key));
      const bytes =
        exported.bytes ?? utf8(padded(JSON.stringify(exported.jwk), found.wrap !== undefined));
      if (found.wrap !== undefined) return found.wrap(wrapping, bytes, bufferOf);
      return (found as Having<"encrypt">).encrypt(params, wrapping, bytes, bufferOf);
    });
  }

  /** §14.3.12 */
  unwrapKey(
    format: unknown,
    wrappedKey: unknown,
    unwrappingKey: unknown,
    unwrapAlgorithm: unknown,
    unwrappedKeyAlgorithm: unknown,
    extractable: unknown,
    keyUsages: unknown,
  ): Promise<CryptoKey> {
    return answer(this, "unwrapKey", arguments.length, 7, () => {
      const form = toFormat(format);
      const { found, params } = findWrapping(unwrapAlgorithm, "unwrap", "decrypt");
      const { found: inner, params: innerParams } = find(unwrappedKeyAlgorithm, "importKey");
      const usages = toUsages(keyUsages);
      const wrapped = bytesOf(wrappedKey, "unwrapKey");
      const unwrapping = usable(unwrappingKey, found, "unwrapKey");
      const then = (bytes: Uint8Array): Promise<CryptoKey> => {
        const source: KeySource =
          form === "jwk"
            ? { format: form, jwk: parseJwk(decodeUtf8(bytes)) }
            : { format: form, bytes };
        return importInto(inner, source, innerParams, Boolean(extractable), usages);
      };
      if (found.unwrap !== undefined) return found.unwrap(unwrapping, wrapped, then);
      return (found as Having<"decrypt">).decrypt(params, unwrapping, wrapped, then);
    });
  }

  /**
   * The platform's own: whether two buffers hold the same bytes, in a time that doesn't tell.
   * https://developers.cloudflare.com/workers/runtime-apis/web-crypto/#timingsafeequal
   */
  timingSafeEqual(a: unknown, b: unknown): boolean {
    requireArguments("SubtleCrypto.timingSafeEqual", arguments.length, 2);
    const first = bytesOf(a, "timingSafeEqual");
    const second = bytesOf(b, "timingSafeEqual");
    if (TypedArrayByteLength(first) !== TypedArrayByteLength(second)) {
      throw new TypeError("Input buffers must have the same byte length.");
    }
    return computeNow("equal", {}, [first, second]);
  }
}

defineInterface("SubtleCrypto", SubtleCrypto);

export function makeSubtle(): SubtleCrypto {
  return new SubtleCrypto(internal);
}

// --- Arguments -----------------------------------------------------------------------------------

type Having<O extends keyof Algorithm> = Algorithm & Required<Pick<Algorithm, O>>;

/** What an operation throws is what its promise rejects with (Web IDL §3.7.6). */
function answer<T>(
  self: SubtleCrypto,
  name: string,
  given: number,
  required: number,
  operation: () => Promise<T>,
): Promise<T> {
  try {
    if (!brand(self)) throw new TypeError("Illegal invocation");
    requireArguments(`SubtleCrypto.${name}`, given, required);
    return operation();
  } catch (error) {
    return PromiseReject(error);
  }
}

/** §18.4.4: the algorithm that is asked for, which has to have the operation. */
function find<O extends keyof Algorithm>(
  value: unknown,
  operation: O,
): { found: Having<O>; params: Params } {
  const { name, params } = readAlgorithm(value);
  const found = ALGORITHMS[StringToUpperCase(name)];
  if (found?.[operation] === undefined) throw unrecognized(name, operation);
  return { found: found as Having<O>, params };
}

function findWrapping(
  value: unknown,
  first: "wrap" | "unwrap",
  second: "encrypt" | "decrypt",
): { found: Algorithm; params: Params } {
  const { name, params } = readAlgorithm(value);
  const found = ALGORITHMS[StringToUpperCase(name)];
  if (found?.[first] === undefined && found?.[second] === undefined) {
    throw unrecognized(name, `${first}Key`);
  }
  return { found, params };
}

function unrecognized(name: string, operation: string): DOMException {
  const text = `Unrecognized or unimplemented algorithm "${name}" for ${operation}.`;
  return new DOMException(text, "NotSupportedError");
}

function toFormat(value: unknown): KeyFormat {
  const format = `${value}`;
  if (!ArrayIncludes(FORMATS, format)) throw new TypeError(`"${format}" is no format of keys.`);
  return format as KeyFormat;
}

function toKey(value: unknown): KeyData {
  if (!isCryptoKey(value)) throw new TypeError("The key is not a CryptoKey.");
  return keyData(value);
}

/** The key, if it is one of the algorithm's and may be used so. */
function usable(value: unknown, algorithm: Algorithm, usage: KeyUsage): KeyData {
  const key = toKey(value);
  if (key.kind.name !== algorithm.name) {
    throw accessError(
      `Requested algorithm "${algorithm.name}" does not match this CryptoKey "${key.kind.name}".`,
    );
  }
  if (!ArrayIncludes(key.usages, usage)) {
    throw accessError(`The CryptoKey doesn't have the usage "${usage}".`);
  }
  return key;
}

// --- Keys in and out -----------------------------------------------------------------------------

function importInto(
  algorithm: Algorithm,
  source: KeySource,
  params: Params,
  extractable: boolean,
  usages: readonly KeyUsage[],
): Promise<CryptoKey> {
  return (algorithm as Having<"importKey">).importKey(source, params, extractable, usages);
}

type Exported = { bytes: Uint8Array; jwk: null } | { bytes: null; jwk: Jwk };

function exportFrom(format: KeyFormat, key: KeyData): Exported {
  const algorithm = ALGORITHMS[StringToUpperCase(key.kind.name)] as Algorithm;
  if (algorithm.exportKey === undefined) throw unrecognized(key.kind.name, "exportKey");
  if (!key.extractable) throw accessError("Attempt to export a non-extractable CryptoKey.");
  const exported = algorithm.exportKey(format, key);
  return format === "jwk"
    ? { bytes: null, jwk: exported as Jwk }
    : { bytes: exported as Uint8Array, jwk: null };
}

/** AES-KW takes multiples of 8 bytes; space at the end is nothing to JSON. As on the platform. */
function padded(json: string, wraps: boolean): string {
  let text = json;
  if (wraps) while (TypedArrayByteLength(utf8(text)) % 8 !== 0) text += " ";
  return text;
}
