// The shape that all algorithms have: one object each, with the operations that it takes part in
// (Web Cryptography §18.2.2). What it has not is "not supported".

import type { Jwk } from "./jwk.js";
import type { CryptoKey, KeyData, KeyUsage } from "./key.js";
import type { Params } from "./params.js";

export type KeyFormat = "raw" | "pkcs8" | "spki" | "jwk";

/** What a key is imported from. */
export interface DerSource {
  readonly format: "raw" | "pkcs8" | "spki";
  readonly bytes: Uint8Array;
}
export interface JwkSource {
  readonly format: "jwk";
  readonly jwk: Jwk;
}
export type KeySource = DerSource | JwkSource;

export interface CryptoKeyPair {
  publicKey: CryptoKey;
  privateKey: CryptoKey;
}

type Usages = readonly KeyUsage[];

/** Hands over bytes that may be a secret, and gives what is made of them. */
export type Then<T> = (bytes: Uint8Array) => T | PromiseLike<T>;

/** The operations throw what is wrong with their arguments. */
export interface Algorithm {
  readonly name: string;
  generateKey?(
    params: Params,
    extractable: boolean,
    usages: Usages,
  ): Promise<CryptoKey | CryptoKeyPair>;
  importKey?(
    source: KeySource,
    params: Params,
    extractable: boolean,
    usages: Usages,
  ): Promise<CryptoKey>;
  exportKey?(format: KeyFormat, key: KeyData): Uint8Array | Jwk;
  encrypt?<T>(params: Params, key: KeyData, data: Uint8Array, then: Then<T>): Promise<T>;
  decrypt?<T>(params: Params, key: KeyData, data: Uint8Array, then: Then<T>): Promise<T>;
  /** Of algorithms that only wrap. */
  wrap?<T>(key: KeyData, data: Uint8Array, then: Then<T>): Promise<T>;
  unwrap?<T>(key: KeyData, data: Uint8Array, then: Then<T>): Promise<T>;
  sign?(params: Params, key: KeyData, data: Uint8Array): Promise<ArrayBuffer>;
  verify?(params: Params, key: KeyData, signature: Uint8Array, data: Uint8Array): Promise<boolean>;
  /** `length` in bits; null asks for all that there is. */
  deriveBits?<T>(params: Params, key: KeyData, length: number | null, then: Then<T>): Promise<T>;
  /** How many bits a derived key of this kind takes; null where any will do. */
  keyLength?(params: Params): number | null;
}
