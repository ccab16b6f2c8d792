// Public and private keys of all algorithms: how they are made, imported and exported.

import { requireRequest } from "../../io.js";
import type { NativeOptions } from "../../natives.js";
import { copyBytes } from "../../primordials.js";
import type { CryptoKeyPair, DerSource, KeyFormat } from "./algorithm.js";
import { compute, computeNow } from "./compute.js";
import { type Jwk, makeJwk } from "./jwk.js";
import {
  type CryptoKey,
  type KeyData,
  type KeyKind,
  type KeyType,
  type KeyUsage,
  makeKey,
  requireSomeUsage,
  usagesAmong,
} from "./key.js";
import { accessError } from "./params.js";
import { unsupportedFormat } from "./secret.js";

/** What the keys of an algorithm are for. */
export interface PairUsages {
  readonly all: readonly KeyUsage[];
  readonly public: readonly KeyUsage[];
  readonly private: readonly KeyUsage[];
}

/** `options` are the host's; `heavy` keys take long to make. */
export function generatePair(
  kind: KeyKind,
  options: NativeOptions,
  heavy: boolean,
  extractable: boolean,
  usages: readonly KeyUsage[],
  allowed: PairUsages,
): Promise<CryptoKeyPair> {
  requireRequest();
  requireSomeUsage(usagesAmong(usages, allowed.private));
  return compute(heavy, "key-generate", options, [], (secret: Uint8Array) => ({
    publicKey: makeKey("public", kind, publicOf(secret), true, usagesAmong(usages, allowed.public)),
    privateKey: makeKey("private", kind, secret, extractable, usagesAmong(usages, allowed.private)),
  }));
}

export function publicOf(secret: Uint8Array): Uint8Array {
  return computeNow("key-public", {}, [secret]);
}

/** From "spki", "pkcs8" or "raw"; `kind` gives what the key turns out to be. */
export function importDer(
  source: DerSource,
  native: NativeOptions,
  heavy: boolean,
  kind: (type: KeyType, der: Uint8Array) => KeyKind,
  extractable: boolean,
  usages: readonly KeyUsage[],
): Promise<CryptoKey> {
  const type = source.format === "pkcs8" ? "private" : "public";
  if (type === "private") requireSomeUsage(usages);
  return compute(
    heavy && type === "private",
    `key-from-${source.format}`,
    native,
    [source.bytes],
    (der: Uint8Array) => makeKey(type, kind(type, der), der, extractable, usages),
  );
}

export function exportPair(
  format: KeyFormat,
  key: KeyData,
  kty: string,
  raw: boolean,
  members: Partial<Jwk>,
): Uint8Array | Jwk {
  switch (format) {
    case "jwk": {
      const own = computeNow<Jwk>("key-jwk", { private: key.type === "private" }, [key.bytes]);
      return makeJwk(key, kty, { ...members, ...own });
    }
    case "spki":
    case "raw":
      if (format === "raw" && !raw) throw unsupportedFormat(format);
      if (key.type !== "public") throw accessError(`A private key is not exported as "${format}".`);
      return format === "raw" ? computeNow("key-raw", {}, [key.bytes]) : copyBytes(key.bytes);
    case "pkcs8":
      if (key.type !== "private") throw accessError('A public key is not exported as "pkcs8".');
      return copyBytes(key.bytes);
  }
}
