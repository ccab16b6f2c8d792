// Signatures, and encryption by RSA.
// https://nodejs.org/api/crypto.html#class-sign

import { Writable } from "node:stream";
import { callNative } from "../../../natives.js";
import { queueMicrotask } from "../../../web/microtask.js";
import { bufferOf, bytesOf, output } from "./bytes.js";
import { keyBytes, toKey } from "./keys.js";

const RSA_PKCS1_PADDING = 1;
const RSA_PKCS1_PSS_PADDING = 6;
/** RSA_PSS_SALTLEN_AUTO and RSA_PSS_SALTLEN_MAX_SIGN. */
const SALT_AUTO = -2;

type Done = (error?: unknown) => void;
type Callback = (error: unknown, value?: unknown) => void;

interface SignatureOptions {
  padding?: number;
  saltLength?: number;
  dsaEncoding?: string;
  oaepHash?: string;
  oaepLabel?: unknown;
}

function optionsOf(key: unknown): SignatureOptions {
  return typeof key === "object" && key !== null ? (key as SignatureOptions) : {};
}

function how(hash: unknown, key: unknown) {
  const { padding, saltLength, dsaEncoding } = optionsOf(key);
  return {
    hash: hash === null || hash === undefined ? null : `${hash}`,
    pss: padding === RSA_PKCS1_PSS_PADDING,
    salt: saltLength ?? SALT_AUTO,
    p1363: dsaEncoding === "ieee-p1363",
  };
}

/** In one go. */
export function sign(hash: unknown, data: unknown, key: unknown, callback?: Callback): unknown {
  const secret = keyBytes(toKey(key, "private"));
  const made = callNative("node-sign", how(hash, key), [secret, bytesOf(data, "data")]);
  return deliver(bufferOf(made), callback);
}

export function verify(
  hash: unknown,
  data: unknown,
  key: unknown,
  signature: unknown,
  callback?: Callback,
): unknown {
  const open = keyBytes(toKey(key, "public"));
  const given = bytesOf(signature, "signature");
  const fine = callNative("node-verify", how(hash, key), [open, given, bytesOf(data, "data")]);
  return deliver(fine, callback);
}

function deliver(value: unknown, callback: Callback | undefined): unknown {
  if (callback === undefined) return value;
  queueMicrotask(() => callback(null, value));
  return undefined;
}

class Collector extends Writable {
  protected readonly hash: string;
  readonly #pieces: Uint8Array[] = [];

  constructor(hash: string, options: object = {}) {
    super(options);
    this.hash = hash;
  }

  update(data: unknown, encoding?: unknown): this {
    this.#pieces.push(bytesOf(data, "data", encoding).slice());
    return this;
  }

  protected get data(): Uint8Array {
    const all = new Uint8Array(this.#pieces.reduce((sum, { length }) => sum + length, 0));
    let at = 0;
    for (const piece of this.#pieces) {
      all.set(piece, at);
      at += piece.length;
    }
    return all;
  }

  _write(chunk: unknown, encoding: unknown, done: Done): void {
    this.update(chunk, encoding);
    done();
  }
}

export class Sign extends Collector {
  sign(key: unknown, encoding?: unknown): unknown {
    return output(sign(this.hash, this.data, key) as Uint8Array, encoding);
  }
}

export class Verify extends Collector {
  verify(key: unknown, signature: unknown, encoding?: unknown): unknown {
    return verify(this.hash, this.data, key, bytesOf(signature, "signature", encoding));
  }
}

export const createSign = (hash: string, options?: object): Sign => new Sign(hash, options);
export const createVerify = (hash: string, options?: object): Verify => new Verify(hash, options);

function labelOf(label: unknown): Uint8Array {
  return label === undefined ? new Uint8Array(0) : bytesOf(label, "oaepLabel");
}

export function publicEncrypt(key: unknown, data: unknown): unknown {
  const { padding, oaepHash, oaepLabel } = optionsOf(key);
  const encrypted = callNative(
    "node-encrypt",
    { oaep: padding !== RSA_PKCS1_PADDING, hash: oaepHash ?? "sha1" },
    [keyBytes(toKey(key, "public")), bytesOf(data, "buffer"), labelOf(oaepLabel)],
  );
  return bufferOf(encrypted);
}

/** With OAEP only: the older padding tells an attacker too much. */
export function privateDecrypt(key: unknown, data: unknown): unknown {
  const { padding, oaepHash, oaepLabel } = optionsOf(key);
  if (padding === RSA_PKCS1_PADDING) {
    throw new TypeError("RSA_PKCS1_PADDING is no longer supported for private decryption");
  }
  const decrypted = callNative("node-decrypt", { hash: oaepHash ?? "sha1" }, [
    keyBytes(toKey(key, "private")),
    bytesOf(data, "buffer"),
    labelOf(oaepLabel),
  ]);
  return bufferOf(decrypted);
}
