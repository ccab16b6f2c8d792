// Web Cryptography §23 (ECDSA), §24 (ECDH), and https://wicg.github.io/webcrypto-secure-curves/:
// Ed25519 and X25519.

import { ArrayIncludes, copyBytes, safeList, TypedArrayByteLength } from "../../primordials.js";
import { DOMException } from "../../web/dom_exception.js";
import type { Algorithm, Then } from "./algorithm.js";
import { bufferOf, compute, isMuch } from "./compute.js";
import { bytesOfMember, checkJwk, type Jwk } from "./jwk.js";
import {
  type CryptoKey,
  checkUsages,
  isCryptoKey,
  type KeyData,
  type KeyKind,
  type KeyUsage,
  keyData,
  keyKind,
  makeKey,
  requireSomeUsage,
} from "./key.js";
import { exportPair, generatePair, importDer, type PairUsages } from "./pairs.js";
import { accessError, dataError, hashOf, operationError, type Params } from "./params.js";

const SIGNS: PairUsages = { all: ["sign", "verify"], public: ["verify"], private: ["sign"] };
const DERIVES: PairUsages = {
  all: ["deriveKey", "deriveBits"],
  public: [],
  private: ["deriveKey", "deriveBits"],
};

/** One of the families of keys on curves: those that JSON Web Keys call "EC", and "OKP". */
interface Family {
  readonly name: string;
  readonly kty: "EC" | "OKP";
  readonly use: "sig" | "enc";
  readonly usages: PairUsages;
  /** The host's name of the curve, which is also the one in JSON Web Keys. */
  curveOf(params: Params): string;
  kindOf(curve: string): KeyKind;
  /** What a JSON Web Key may say of `alg`, where it says anything; the first is what is exported. */
  algorithms(curve: string): readonly string[];
}

function curveKeys(family: Family) {
  const { name, kty, use, usages } = family;
  return {
    name,
    generateKey(params, extractable, asked) {
      const curve = family.curveOf(params);
      checkUsages(asked, usages.all, name);
      const kind = family.kindOf(curve);
      return generatePair(kind, { kind: curve }, false, extractable, asked, usages);
    },
    importKey(source, params, extractable, asked) {
      const curve = family.curveOf(params);
      const kind = family.kindOf(curve);
      const jwk = source.format === "jwk" ? source.jwk : null;
      const isPrivate = jwk === null ? source.format === "pkcs8" : jwk.d !== undefined;
      checkUsages(asked, isPrivate ? usages.private : usages.public, name);
      if (source.format !== "jwk") {
        return importDer(source, { kind: curve }, false, () => kind, extractable, asked);
      }
      checkJwk(source.jwk, kty, use, extractable, asked, family.algorithms(curve));
      if (source.jwk.crv !== curve) throw dataError(`The JSON Web Key is not one of ${curve}.`);
      return importMembers(source.jwk, kind, curve, isPrivate, extractable, asked);
    },
    exportKey(format, key) {
      const curve = curveIn(key.kind);
      const alg = kty === "OKP" ? family.algorithms(curve)[0] : undefined;
      const members = { crv: curve, ...(alg !== undefined && { alg }) };
      return exportPair(format, key, kty, true, members);
    },
  } satisfies Algorithm;
}

function importMembers(
  jwk: Jwk,
  kind: KeyKind,
  curve: string,
  isPrivate: boolean,
  extractable: boolean,
  usages: readonly KeyUsage[],
): Promise<CryptoKey> {
  const type = isPrivate ? "private" : "public";
  if (isPrivate) requireSomeUsage(usages);
  const make = (der: Uint8Array): CryptoKey => makeKey(type, kind, der, extractable, usages);
  const members = safeList<Uint8Array>();
  if (jwk.kty === "EC") {
    members[0] = bytesOfMember(jwk, "x");
    members[1] = bytesOfMember(jwk, "y");
    if (isPrivate) members[2] = bytesOfMember(jwk, "d");
    return compute(false, "key-from-ec", { kind: curve }, members, make);
  }
  if (!isPrivate) members[0] = bytesOfMember(jwk, "x");
  else {
    members[0] = bytesOfMember(jwk, "d");
    members[1] = bytesOfMember(jwk, "x");
  }
  const native = isPrivate ? "key-from-okp" : "key-from-raw";
  return compute(false, native, { kind: curve }, members, make);
}

/** The host's name of a key's curve. */
function curveIn(kind: KeyKind): string {
  if (kind.name === NODE_ED25519) return "Ed25519";
  return kind.namedCurve ?? kind.name;
}

// --- NIST's curves -------------------------------------------------------------------------------

const NIST_CURVES: readonly string[] = ["P-256", "P-384", "P-521"];

function nistCurve(params: Params): string {
  const { namedCurve } = params;
  if (namedCurve === undefined) throw new TypeError('Missing field "namedCurve" in the algorithm.');
  const curve = `${namedCurve}`;
  if (!ArrayIncludes(NIST_CURVES, curve)) {
    throw new DOMException(
      `Unrecognized or unimplemented EC curve "${curve}".`,
      "NotSupportedError",
    );
  }
  return curve;
}

function ecdsaName(curve: string): string {
  return curve === "P-256" ? "ES256" : curve === "P-384" ? "ES384" : "ES512";
}

/** §23 */
export const ecdsa: Algorithm = {
  ...curveKeys({
    name: "ECDSA",
    kty: "EC",
    use: "sig",
    usages: SIGNS,
    curveOf: nistCurve,
    kindOf: (namedCurve) => keyKind("ECDSA", { namedCurve }),
    algorithms: (curve) => [ecdsaName(curve)],
  }),
  sign(params, key, data) {
    return compute(
      isMuch(data),
      "ecdsa-sign",
      { hash: hashOf(params) },
      [key.bytes, data],
      bufferOf,
    );
  },
  verify(params, key, signature, data) {
    const options = { hash: hashOf(params) };
    const items = [key.bytes, signature, data];
    return compute(isMuch(data), "ecdsa-verify", options, items, (is: boolean) => is);
  },
};

/** §24.4.2, and the same of X25519. */
function agree<T>(params: Params, key: KeyData, length: number | null, then: Then<T>): Promise<T> {
  const { public: given } = params;
  if (!isCryptoKey(given)) throw new TypeError('"public" is not a CryptoKey.');
  const theirs = keyData(given);
  if (theirs.type !== "public") throw accessError('"public" is not a public key.');
  if (theirs.kind.name !== key.kind.name) {
    throw accessError("The two keys are not of the same algorithm.");
  }
  if (theirs.kind.namedCurve !== key.kind.namedCurve) {
    throw accessError("The two keys are not of the same curve.");
  }
  return compute(false, "ecdh", {}, [key.bytes, theirs.bytes], (secret: Uint8Array) => {
    if (length === null) return then(secret);
    const size = Math.ceil(length / 8);
    if (size > TypedArrayByteLength(secret)) {
      throw operationError(`There are no ${length} bits in what the keys agree on.`);
    }
    const bits = copyBytes(secret, 0, size);
    if (length % 8 !== 0) bits[size - 1] = (bits[size - 1] as number) & (0xff00 >> (length % 8));
    return then(bits);
  });
}

/** §24 */
export const ecdh: Algorithm = {
  ...curveKeys({
    name: "ECDH",
    kty: "EC",
    use: "enc",
    usages: DERIVES,
    curveOf: nistCurve,
    kindOf: (namedCurve) => keyKind("ECDH", { namedCurve }),
    algorithms: () => [],
  }),
  deriveBits: agree,
};

// --- Curve25519 ----------------------------------------------------------------------------------

const NODE_ED25519 = "NODE-ED25519";

const eddsa = {
  sign(_params, key, data) {
    return compute(isMuch(data), "ed25519-sign", {}, [key.bytes, data], bufferOf);
  },
  verify(_params, key, signature, data) {
    const items = [key.bytes, signature, data];
    return compute(isMuch(data), "ed25519-verify", {}, items, (is: boolean) => is);
  },
} satisfies Partial<Algorithm>;

export const ed25519: Algorithm = {
  ...curveKeys({
    name: "Ed25519",
    kty: "OKP",
    use: "sig",
    usages: SIGNS,
    curveOf: () => "Ed25519",
    kindOf: () => keyKind("Ed25519"),
    algorithms: () => ["EdDSA", "Ed25519"],
  }),
  ...eddsa,
};

/** The platform's name of it from before there was a standard. */
export const nodeEd25519: Algorithm = {
  ...curveKeys({
    name: NODE_ED25519,
    kty: "OKP",
    use: "sig",
    usages: SIGNS,
    curveOf(params) {
      if (`${params.namedCurve}` !== NODE_ED25519) {
        throw new DOMException(
          `The curve of ${NODE_ED25519} keys is "${NODE_ED25519}".`,
          "NotSupportedError",
        );
      }
      return "Ed25519";
    },
    kindOf: () => keyKind(NODE_ED25519, { namedCurve: NODE_ED25519 }),
    algorithms: () => ["EdDSA", "Ed25519"],
  }),
  ...eddsa,
};

export const x25519: Algorithm = {
  ...curveKeys({
    name: "X25519",
    kty: "OKP",
    use: "enc",
    usages: DERIVES,
    curveOf: () => "X25519",
    kindOf: () => keyKind("X25519"),
    algorithms: () => [],
  }),
  deriveBits: agree,
};
