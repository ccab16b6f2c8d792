// JSON Web Keys (RFC 7517): Web Cryptography §15, JsonWebKey.

import {
  ArrayIncludes,
  listCopy,
  RegExpMatches,
  safeList,
  toArray,
  Uint8ArrayFromBase64,
} from "../../primordials.js";
import type { KeyData, KeyUsage } from "./key.js";
import { dataError } from "./params.js";

/** A record without a prototype. */
export interface Jwk {
  kty?: string;
  use?: string;
  key_ops?: readonly string[];
  alg?: string;
  ext?: boolean;
  crv?: string;
  x?: string;
  y?: string;
  d?: string;
  n?: string;
  e?: string;
  p?: string;
  q?: string;
  dp?: string;
  dq?: string;
  qi?: string;
  k?: string;
}

type TextMember = Exclude<keyof Jwk, "key_ops" | "ext">;

const TEXTS: readonly TextMember[] = [
  "alg",
  "crv",
  "d",
  "dp",
  "dq",
  "e",
  "k",
  "kty",
  "n",
  "p",
  "q",
  "qi",
  "use",
  "x",
  "y",
];

/** The members of a Worker's object, each read once. */
export function toJwk(value: unknown): Jwk {
  if (typeof value !== "object" || value === null) {
    throw new TypeError("The JSON Web Key is not an object.");
  }
  const given = value as Record<string, unknown>;
  const jwk = { __proto__: null } as Jwk;
  for (let i = 0; i < TEXTS.length; i++) {
    const name = TEXTS[i] as TextMember;
    const member = given[name];
    if (member !== undefined) jwk[name] = `${member}`;
  }
  const { ext, key_ops: operations, oth } = given;
  if (ext !== undefined) jwk.ext = Boolean(ext);
  if (oth !== undefined) throw dataError("RSA keys with more than two primes are not supported.");
  if (operations !== undefined) {
    const texts = safeList<string>();
    const items = [...(operations as Iterable<unknown>)];
    for (let i = 0; i < items.length; i++) texts[i] = `${items[i]}`;
    jwk.key_ops = texts;
  }
  return jwk;
}

/** Of a wrapped key. What it holds may be a secret: no look at Object.prototype. */
export function parseJwk(text: string): Jwk {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw dataError("The unwrapped key is not JSON.");
  }
  if (typeof value !== "object" || value === null) {
    throw dataError("The unwrapped key is not a JSON object.");
  }
  const jwk = Object.setPrototypeOf(value, null) as Jwk;
  if (jwk.key_ops !== undefined)
    jwk.key_ops = Array.isArray(jwk.key_ops) ? listCopy(jwk.key_ops) : [];
  for (let i = 0; i < TEXTS.length; i++) {
    const member = jwk[TEXTS[i] as TextMember];
    if (member !== undefined && typeof member !== "string") {
      throw dataError(`"${TEXTS[i]}" of the unwrapped key is not a string.`);
    }
  }
  return jwk;
}

/** As a Worker gets it. */
export function toObject(jwk: Jwk): object {
  return { ...jwk, key_ops: toArray(listCopy(jwk.key_ops ?? [])) };
}

/** The checks that all imports have in common. `algorithms` are what `alg` may be. */
export function checkJwk(
  jwk: Jwk,
  kty: string,
  use: "sig" | "enc",
  extractable: boolean,
  usages: readonly KeyUsage[],
  algorithms: readonly string[],
): void {
  if (jwk.kty !== kty) throw dataError(`The JSON Web Key's "kty" is not "${kty}".`);
  if (usages.length > 0 && jwk.use !== undefined && jwk.use !== use) {
    throw dataError(`The JSON Web Key's "use" is not "${use}".`);
  }
  const operations = jwk.key_ops;
  if (operations !== undefined) {
    for (let i = 0; i < operations.length; i++) {
      for (let j = 0; j < i; j++) {
        if (operations[i] === operations[j]) {
          throw dataError('The JSON Web Key\'s "key_ops" names something twice.');
        }
      }
    }
    for (let i = 0; i < usages.length; i++) {
      if (!ArrayIncludes(operations, usages[i])) {
        throw dataError(`The JSON Web Key's "key_ops" doesn't have "${usages[i]}".`);
      }
    }
  }
  if (jwk.ext === false && extractable) {
    throw dataError("The JSON Web Key says that it may not be extracted.");
  }
  if (jwk.alg !== undefined && algorithms.length > 0 && !ArrayIncludes(algorithms, jwk.alg)) {
    throw dataError(`The JSON Web Key's "alg" is "${jwk.alg}", which is not what it is to be.`);
  }
}

/** `members` are what the key is; the rest says what for. */
export function makeJwk(key: KeyData, kty: string, members: Partial<Jwk>): Jwk {
  return {
    __proto__: null,
    kty,
    ...members,
    key_ops: listCopy(key.usages),
    ext: key.extractable,
  } as Jwk;
}

const BASE64URL = /^[A-Za-z0-9_-]*$/;

/** A member that holds bytes (RFC 7515 §2, base64url without padding). */
export function bytesOfMember(jwk: Jwk, name: TextMember): Uint8Array {
  const text = jwk[name];
  if (text === undefined) throw dataError(`The JSON Web Key has no "${name}".`);
  try {
    if (RegExpMatches(BASE64URL, text)) return decodeBase64Url(text);
  } catch {}
  throw dataError(`"${name}" of the JSON Web Key is not base64url.`);
}

export function decodeBase64Url(text: string): Uint8Array {
  return Uint8ArrayFromBase64(text, { __proto__: null, alphabet: "base64url" });
}
