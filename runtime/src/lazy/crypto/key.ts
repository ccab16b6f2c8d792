// Web Cryptography §13: CryptoKey. What a key is stays in a private field: its bytes are nowhere
// else, and go to the host with each operation.

import {
  ArrayIncludes,
  copyBytes,
  listCopy,
  listFilter,
  safeList,
  toArray,
} from "../../primordials.js";
import { DOMException } from "../../web/dom_exception.js";
import { defineInterface } from "../../web/webidl.js";

export type KeyType = "public" | "private" | "secret";
export type KeyUsage =
  | "encrypt"
  | "decrypt"
  | "sign"
  | "verify"
  | "deriveKey"
  | "deriveBits"
  | "wrapKey"
  | "unwrapKey";

/** What kind of key it is; what a kind has not is null. */
export interface KeyKind {
  readonly name: string;
  readonly hash: string | null;
  /** Bits of a secret key. */
  readonly length: number | null;
  readonly namedCurve: string | null;
  readonly modulusLength: number | null;
  readonly publicExponent: Uint8Array | null;
}

export interface KeyData {
  readonly type: KeyType;
  readonly extractable: boolean;
  readonly kind: KeyKind;
  readonly usages: readonly KeyUsage[];
  /** A secret as it is, a private key as PKCS #8, a public one as SubjectPublicKeyInfo. */
  readonly bytes: Uint8Array;
}

const internal = Symbol();

export let keyData: (key: CryptoKey) => KeyData;
export let isCryptoKey: (value: unknown) => value is CryptoKey;
let make: (data: KeyData) => CryptoKey;

/** Web Cryptography §13. */
export class CryptoKey {
  readonly #data: KeyData;
  /** As the Worker has it: the same object each time, with which it may do what it likes. */
  #algorithm: object | null = null;
  #usages: KeyUsage[] | null = null;

  static {
    keyData = (key) => key.#data;
    isCryptoKey = (value): value is CryptoKey =>
      typeof value === "object" && value !== null && #data in value;
    make = (data) => new CryptoKey(internal, data);
  }

  constructor(token: unknown, data: unknown) {
    if (token !== internal) throw new TypeError("Illegal constructor");
    this.#data = data as KeyData;
  }

  get type(): KeyType {
    return this.#data.type;
  }

  get extractable(): boolean {
    return this.#data.extractable;
  }

  get algorithm(): object {
    this.#algorithm ??= describe(this.#data.kind);
    return this.#algorithm;
  }

  get usages(): KeyUsage[] {
    this.#usages ??= toArray(listCopy(this.#data.usages));
    return this.#usages;
  }
}

defineInterface("CryptoKey", CryptoKey);

/** §13.4: KeyAlgorithm and those derived from it. */
function describe(kind: KeyKind): object {
  const { name, hash, length, namedCurve, modulusLength, publicExponent } = kind;
  return {
    name,
    ...(modulusLength !== null && { modulusLength }),
    ...(publicExponent !== null && { publicExponent: copyBytes(publicExponent) }),
    ...(hash !== null && { hash: { name: hash } }),
    ...(length !== null && { length }),
    ...(namedCurve !== null && { namedCurve }),
  };
}

const noKind: KeyKind = {
  name: "",
  hash: null,
  length: null,
  namedCurve: null,
  modulusLength: null,
  publicExponent: null,
};

export function keyKind(name: string, more: Partial<KeyKind> = {}): KeyKind {
  return { ...noKind, ...more, name };
}

/** A key is for something: one that nothing may be done with is an error, unless it is public. */
export function makeKey(
  type: KeyType,
  kind: KeyKind,
  bytes: Uint8Array,
  extractable: boolean,
  usages: readonly KeyUsage[],
): CryptoKey {
  if (type !== "public") requireSomeUsage(usages);
  return make({ type, kind, bytes, extractable, usages });
}

export function requireSomeUsage(usages: readonly KeyUsage[]): void {
  if (usages.length === 0) {
    throw new DOMException("Secret and private keys need at least one usage.", "SyntaxError");
  }
}

/** Those of `asked` that are in `allowed`. */
export function usagesAmong(
  asked: readonly KeyUsage[],
  allowed: readonly KeyUsage[],
): readonly KeyUsage[] {
  return listFilter(asked, (usage) => ArrayIncludes(allowed, usage));
}

/** Refuses usages that the algorithm doesn't have for such keys. */
export function checkUsages(
  asked: readonly KeyUsage[],
  allowed: readonly KeyUsage[],
  name: string,
): void {
  for (let i = 0; i < asked.length; i++) {
    if (!ArrayIncludes(allowed, asked[i])) {
      throw new DOMException(
        `Attempt to create a ${name} key with unpermitted usage "${asked[i]}".`,
        "SyntaxError",
      );
    }
  }
}

const ALL_USAGES: readonly KeyUsage[] = [
  "encrypt",
  "decrypt",
  "sign",
  "verify",
  "deriveKey",
  "deriveBits",
  "wrapKey",
  "unwrapKey",
];

/** Web IDL's sequence<KeyUsage>, each once and in the order of the standard. */
export function toUsages(value: unknown): readonly KeyUsage[] {
  if (typeof value !== "object" || value === null) {
    throw new TypeError("The key's usages are not a sequence.");
  }
  const given = [...(value as Iterable<unknown>)];
  const usages = safeList<string>();
  for (let i = 0; i < given.length; i++) {
    const usage = `${given[i]}`;
    if (!ArrayIncludes(ALL_USAGES, usage)) {
      throw new TypeError(`"${usage}" is no usage of keys.`);
    }
    usages[i] = usage;
  }
  return listFilter(ALL_USAGES, (usage) => ArrayIncludes(usages, usage));
}
