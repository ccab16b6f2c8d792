// Web Cryptography §20 (RSASSA-PKCS1-v1_5), §21 (RSA-PSS) and §22 (RSA-OAEP).

import { isUint8Array, StringSlice, safeList, TypedArrayLength } from "../../primordials.js";
import type { Algorithm, DerSource } from "./algorithm.js";
import { bufferOf, compute, computeNow, isMuch } from "./compute.js";
import { bytesOfMember, checkJwk, decodeBase64Url, type Jwk } from "./jwk.js";
import {
  type CryptoKey,
  checkUsages,
  type KeyData,
  type KeyKind,
  type KeyType,
  type KeyUsage,
  keyKind,
  makeKey,
  requireSomeUsage,
} from "./key.js";
import { exportPair, generatePair, importDer, type PairUsages, publicOf } from "./pairs.js";
import {
  BITS_32,
  hashOf,
  integerOf,
  operationError,
  optionalBytesIn,
  type Params,
} from "./params.js";
import { hashIn, unsupportedFormat } from "./secret.js";

/** What JSON Web Keys call the algorithms (RFC 7518 §3.1 and §4.3, and "RS1" of RFC 8812). */
type JwkName = (hash: string) => string;

function signatureName(letters: string): JwkName {
  return (hash) => letters + (hash === "SHA-1" ? "1" : StringSlice(hash, 4));
}

function encryptionName(hash: string): string {
  return hash === "SHA-1" ? "RSA-OAEP" : `RSA-OAEP-${StringSlice(hash, 4)}`;
}

function rsaKeys(name: string, use: "sig" | "enc", usages: PairUsages, jwkName: JwkName) {
  return {
    name,
    generateKey(params, extractable, asked) {
      checkUsages(asked, usages.all, name);
      const hash = hashOf(params);
      const bits = integerOf(params, "modulusLength", BITS_32);
      const exponent = exponentOf(params);
      const publicExponent = decodeBase64Url(exponent === 3 ? "Aw" : "AQAB");
      const kind = keyKind(name, { hash, modulusLength: bits, publicExponent });
      const options = { kind: "RSA", bits, exponent };
      return generatePair(kind, options, true, extractable, asked, usages);
    },
    importKey(source, params, extractable, asked) {
      const hash = hashOf(params);
      const jwk = source.format === "jwk" ? source.jwk : null;
      const isPrivate = jwk === null ? source.format === "pkcs8" : jwk.d !== undefined;
      checkUsages(asked, isPrivate ? usages.private : usages.public, name);
      const kind = (type: KeyType, der: Uint8Array): KeyKind => describe(name, hash, type, der);
      if (source.format === "raw") throw unsupportedFormat("raw");
      if (jwk !== null) {
        checkJwk(jwk, "RSA", use, extractable, asked, [jwkName(hash)]);
        return importNumbers(jwk, isPrivate, kind, extractable, asked);
      }
      return importDer(source as DerSource, { kind: "RSA" }, true, kind, extractable, asked);
    },
    exportKey: (format, key) =>
      exportPair(format, key, "RSA", false, { alg: jwkName(hashIn(key)) }),
  } satisfies Algorithm;
}

/** The exponents that keys are made with; others can be imported. */
function exponentOf(params: Params): 3 | 65537 {
  const { publicExponent } = params;
  if (!isUint8Array(publicExponent)) throw new TypeError('"publicExponent" is not a Uint8Array.');
  let exponent = 0;
  for (let i = 0; i < TypedArrayLength(publicExponent); i++) {
    exponent = exponent * 256 + (publicExponent[i] as number);
  }
  if (exponent !== 3 && exponent !== 65537) {
    throw operationError("The public exponent must be 3 or 65537.");
  }
  return exponent;
}

function describe(name: string, hash: string, type: KeyType, der: Uint8Array): KeyKind {
  const { 0: modulusLength, 1: exponent } = computeNow<[number, string]>("rsa-describe", {}, [
    type === "private" ? publicOf(der) : der,
  ]);
  return keyKind(name, { hash, modulusLength, publicExponent: decodeBase64Url(exponent) });
}

function importNumbers(
  jwk: Jwk,
  isPrivate: boolean,
  kind: (type: KeyType, der: Uint8Array) => KeyKind,
  extractable: boolean,
  usages: readonly KeyUsage[],
): Promise<CryptoKey> {
  const type = isPrivate ? "private" : "public";
  if (isPrivate) requireSomeUsage(usages);
  const numbers = safeList<Uint8Array>();
  const names = isPrivate ? PRIVATE_NUMBERS : PUBLIC_NUMBERS;
  for (let i = 0; i < names.length; i++) {
    numbers[i] = bytesOfMember(jwk, names[i] as (typeof PRIVATE_NUMBERS)[number]);
  }
  return compute(isPrivate, "key-from-rsa", {}, numbers, (der: Uint8Array) =>
    makeKey(type, kind(type, der), der, extractable, usages),
  );
}

const PUBLIC_NUMBERS = ["n", "e"] as const;
const PRIVATE_NUMBERS = ["n", "e", "d", "p", "q", "dp", "dq", "qi"] as const;

/** Longer keys take longer than others may have to wait. */
const LONG = 4096;

function isLong(key: KeyData): boolean {
  return (key.kind.modulusLength as number) > LONG;
}

// --- Signatures ----------------------------------------------------------------------------------

const SIGNS: PairUsages = { all: ["sign", "verify"], public: ["verify"], private: ["sign"] };

/** `salt` gives the length of RSA-PSS's. */
function signature(salt: (params: Params) => number | null) {
  return {
    sign(params, key, data) {
      const options = { hash: hashIn(key), salt: salt(params) };
      return compute(true, "rsa-sign", options, [key.bytes, data], bufferOf);
    },
    verify(params, key, signed, data) {
      const options = { hash: hashIn(key), salt: salt(params) };
      const heavy = isLong(key) || isMuch(data);
      return compute(heavy, "rsa-verify", options, [key.bytes, signed, data], (is: boolean) => is);
    },
  } satisfies Partial<Algorithm>;
}

/** §20 */
export const rsaPkcs1: Algorithm = {
  ...rsaKeys("RSASSA-PKCS1-v1_5", "sig", SIGNS, signatureName("RS")),
  ...signature(() => null),
};

/** §21 */
export const rsaPss: Algorithm = {
  ...rsaKeys("RSA-PSS", "sig", SIGNS, signatureName("PS")),
  ...signature((params) => integerOf(params, "saltLength", BITS_32)),
};

// --- Encryption ----------------------------------------------------------------------------------

const ENCRYPTS: PairUsages = {
  all: ["encrypt", "decrypt", "wrapKey", "unwrapKey"],
  public: ["encrypt", "wrapKey"],
  private: ["decrypt", "unwrapKey"],
};

/** §22 */
export const rsaOaep: Algorithm = {
  ...rsaKeys("RSA-OAEP", "enc", ENCRYPTS, encryptionName),
  encrypt(params, key, data, then) {
    const label = optionalBytesIn(params, "label");
    const options = { hash: hashIn(key) };
    return compute(isLong(key), "rsa-encrypt", options, [key.bytes, label, data], then);
  },
  decrypt(params, key, data, then) {
    const label = optionalBytesIn(params, "label");
    return compute(true, "rsa-decrypt", { hash: hashIn(key) }, [key.bytes, label, data], then);
  },
};
