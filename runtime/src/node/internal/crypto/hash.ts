// https://nodejs.org/api/crypto.html#class-hash

import { Transform } from "node:stream";
import { callNative, type NativeState, openNative } from "../../../natives.js";
import { bytesOf, output, requireInteger, secretOf } from "./bytes.js";

/** Up to here data is kept, so that a Hash can be copied; beyond, the host computes bit by bit. */
const KEPT = 256 * 1024;
/** What the host gets at once: nothing can interrupt it meanwhile. */
const PIECE = 1024 * 1024;

interface HashOptions {
  outputLength?: number;
}

type Done = (error?: unknown, value?: unknown) => void;

/** The common part of Hash and Hmac: bytes in, a few bytes out. */
abstract class Digest extends Transform {
  protected readonly algorithm: string;
  protected pieces: Uint8Array[] = [];
  protected size = 0;
  #state: NativeState | null = null;
  #finished = false;

  constructor(algorithm: string, options: object = {}) {
    super(options);
    this.algorithm = algorithm;
  }

  protected abstract begin(): NativeState;
  protected abstract compute(data: Uint8Array): Uint8Array;

  protected get isCopyable(): boolean {
    return !this.#finished && this.#state === null;
  }

  update(data: unknown, encoding?: unknown): this {
    if (this.#finished) throw new Error("Digest already called");
    this.#add(bytesOf(data, "data", encoding));
    return this;
  }

  digest(encoding?: unknown): unknown {
    if (this.#finished) throw new Error("Digest already called");
    this.#finished = true;
    return output(this.finish(), encoding);
  }

  protected finish(): Uint8Array {
    if (this.#state !== null) return this.#state.step(new Uint8Array(0), true);
    return this.compute(joined(this.pieces, this.size));
  }

  #add(data: Uint8Array): void {
    if (this.#state === null && this.size + data.length <= KEPT) {
      this.pieces.push(data.slice());
      this.size += data.length;
      return;
    }
    if (this.#state === null) {
      this.#state = this.begin();
      for (const piece of this.pieces) this.#state.step(piece, false);
      this.pieces = [];
    }
    for (let at = 0; at < data.length; at += PIECE) {
      this.#state.step(data.subarray(at, at + PIECE), false);
    }
  }

  _transform(chunk: unknown, encoding: unknown, done: Done): void {
    try {
      this.update(chunk, encoding);
      done();
    } catch (error) {
      done(error);
    }
  }

  _flush(done: Done): void {
    try {
      done(null, this.digest());
    } catch (error) {
      done(error);
    }
  }
}

function joined(pieces: Uint8Array[], size: number): Uint8Array {
  if (pieces.length === 1) return pieces[0] as Uint8Array;
  const all = new Uint8Array(size);
  let at = 0;
  for (const piece of pieces) {
    all.set(piece, at);
    at += piece.length;
  }
  return all;
}

export class Hash extends Digest {
  readonly #options: HashOptions;

  constructor(algorithm: string, options: HashOptions = {}) {
    super(algorithm, options);
    this.#options = options;
    const size = sizeOf(algorithm);
    if (options.outputLength !== undefined && options.outputLength !== size) {
      throw new Error("Unsupported state or unable to set the output length of this digest");
    }
  }

  protected begin(): NativeState {
    return openNative("node-hash", { hash: this.algorithm }, "Hash");
  }

  protected compute(data: Uint8Array): Uint8Array {
    return callNative("node-hash", { hash: this.algorithm }, [data]) as Uint8Array;
  }

  /** What was hashed so far, to go on with in another way; of 256 KiB at most. */
  copy(options?: HashOptions): Hash {
    if (!this.isCopyable) throw new Error("Digest already called, or too much data to copy");
    const copy = new Hash(this.algorithm, options ?? this.#options);
    copy.pieces = [...this.pieces];
    copy.size = this.size;
    return copy;
  }
}

export class Hmac extends Digest {
  readonly #key: Uint8Array;

  constructor(algorithm: string, key: unknown, options: object = {}) {
    super(algorithm, options);
    sizeOf(algorithm);
    this.#key = secretOf(key, "key").slice();
  }

  protected begin(): NativeState {
    const state = openNative("node-hmac", { hash: this.algorithm }, "Hmac");
    state.step(this.#key, false);
    return state;
  }

  protected compute(data: Uint8Array): Uint8Array {
    return callNative("node-hmac", { hash: this.algorithm }, [this.#key, data]) as Uint8Array;
  }
}

/** In bytes; throws when there is no such hash. */
export function sizeOf(algorithm: unknown): number {
  if (typeof algorithm !== "string") {
    throw new TypeError('The "algorithm" argument must be of type string.');
  }
  return callNative("node-hash-size", { hash: algorithm }, []) as number;
}

export function createHash(algorithm: string, options?: HashOptions): Hash {
  return new Hash(algorithm, options);
}

export function createHmac(algorithm: string, key: unknown, options?: object): Hmac {
  return new Hmac(algorithm, key, options);
}

/** In one go; as hexadecimal digits unless said otherwise. */
export function hash(algorithm: string, data: unknown, options: unknown = "hex"): unknown {
  const encoding =
    typeof options === "object" && options !== null
      ? ((options as { outputEncoding?: string }).outputEncoding ?? "hex")
      : options;
  return createHash(algorithm).update(data).digest(encoding);
}

export function getHashes(): string[] {
  return [
    ...["RSA-MD5", "RSA-SHA1", "RSA-SHA224", "RSA-SHA256", "RSA-SHA384", "RSA-SHA512"],
    ...["blake2b512", "blake2s256", "md5", "sha1", "sha224", "sha256", "sha3-224", "sha3-256"],
    ...["sha3-384", "sha3-512", "sha384", "sha512", "sha512-224", "sha512-256"],
  ];
}

/** Whether two byte strings of one length are equal, in a time that doesn't tell where they differ. */
export function timingSafeEqual(a: unknown, b: unknown): boolean {
  const first = bytesOf(a, "buf1");
  const second = bytesOf(b, "buf2");
  requireInteger(first.length, "buf1");
  if (first.length !== second.length) {
    throw new RangeError("Input buffers must have the same byte length");
  }
  return callNative("node-equal", {}, [first, second]) as boolean;
}
