// What compresses and decompresses bit by bit, for streams and for all at once.

import { type NativeState, openNative } from "../../../natives.js";
import { requireInteger } from "../crypto/bytes.js";

export interface ZlibOptions {
  level?: number;
  windowBits?: number;
  memLevel?: number;
  strategy?: number;
  flush?: number;
  finishFlush?: number;
  maxOutputLength?: number;
  info?: boolean;
  params?: Record<number, number>;
}

export type Format =
  | "Gzip"
  | "Gunzip"
  | "Deflate"
  | "Inflate"
  | "DeflateRaw"
  | "InflateRaw"
  | "Unzip"
  | "BrotliCompress"
  | "BrotliDecompress";

const Z_SYNC_FLUSH = 2;
const BROTLI_OPERATION_FLUSH = 1;
const BROTLI_PARAM_MODE = 0;
const BROTLI_PARAM_QUALITY = 1;
const BROTLI_PARAM_LGWIN = 2;
/** What the host takes at once. */
const PIECE = 256 * 1024;
const NOTHING = new Uint8Array(0);

const NAMES: Partial<Record<Format, string>> = {
  Gzip: "gzip",
  Gunzip: "gzip",
  Deflate: "deflate",
  Inflate: "deflate",
  DeflateRaw: "deflate-raw",
  InflateRaw: "deflate-raw",
  Unzip: "unzip",
};

/** Gives what is ready by `push`. */
export class Codec {
  readonly #state: NativeState;
  readonly #compresses: boolean;
  readonly #flushes: boolean;
  readonly #most: number;
  #given = 0;

  constructor(format: Format, options: ZlibOptions) {
    if ("dictionary" in options) throw new TypeError("zlib dictionaries are not supported");
    this.#compresses = /^Gzip|^Deflate|Compress$/.test(format);
    const flush = options.flush ?? 0;
    const brotli = format.startsWith("Brotli");
    this.#flushes = this.#compresses && flush === (brotli ? BROTLI_OPERATION_FLUSH : Z_SYNC_FLUSH);
    this.#most = options.maxOutputLength ?? Number.POSITIVE_INFINITY;
    this.#state = brotli ? openBrotli(format, options) : openZlib(format, options);
  }

  add(data: Uint8Array, push: (bytes: Uint8Array) => void): void {
    for (let at = 0; at < data.length; at += PIECE) {
      this.#give(this.#step(data.subarray(at, at + PIECE), false), push);
      this.#giveRest(push);
    }
    if (this.#flushes) this.flush(push);
  }

  /** All that has been compressed so far. */
  flush(push: (bytes: Uint8Array) => void): void {
    if (this.#compresses) this.#give(this.#step(NOTHING, false), push);
  }

  end(push: (bytes: Uint8Array) => void): void {
    this.#giveRest(push);
    this.#give(this.#step(NOTHING, true), push);
  }

  close(): void {
    this.#state.close();
  }

  #giveRest(push: (bytes: Uint8Array) => void): void {
    if (this.#compresses) return;
    while (this.#give(this.#step(NOTHING, false), push)) {
      // There may be more.
    }
  }

  #give(bytes: Uint8Array, push: (bytes: Uint8Array) => void): boolean {
    if (bytes.length === 0) return false;
    this.#given += bytes.length;
    if (this.#given > this.#most) {
      const error = new RangeError(`Cannot create a Buffer larger than ${this.#most} bytes`);
      throw Object.assign(error, { code: "ERR_BUFFER_TOO_LARGE" });
    }
    push(bytes);
    return true;
  }

  #step(data: Uint8Array, end: boolean): Uint8Array {
    try {
      return this.#state.step(data, end);
    } catch (error) {
      if (!(error instanceof TypeError)) throw error;
      const short = error.message === "unexpected end of file";
      const wrong = Object.assign(new Error(error.message), {
        code: short ? "Z_BUF_ERROR" : "Z_DATA_ERROR",
        errno: short ? -5 : -3,
      });
      throw wrong;
    }
  }
}

function openZlib(format: Format, options: ZlibOptions): NativeState {
  const window = requireInteger(options.windowBits || 15, "options.windowBits");
  const shared = { format: `${NAMES[format]}`, window };
  if (!/^Gzip|^Deflate/.test(format)) {
    const lenient = options.finishFlush === Z_SYNC_FLUSH;
    return openNative("node-decompress", { ...shared, lenient }, "Zlib");
  }
  const level = options.level ?? -1;
  const memory = options.memLevel ?? 8;
  const strategy = options.strategy ?? 0;
  if (!(level >= -1 && level <= 9)) {
    throw new RangeError('The value of "options.level" is out of range.');
  }
  return openNative("node-compress", { ...shared, level, memory, strategy }, "Zlib");
}

function openBrotli(format: Format, { params = {} }: ZlibOptions): NativeState {
  if (format === "BrotliDecompress") return openNative("node-brotli-decompress", {}, "Brotli");
  const options = {
    mode: params[BROTLI_PARAM_MODE] ?? 0,
    quality: params[BROTLI_PARAM_QUALITY] ?? 9,
    window: params[BROTLI_PARAM_LGWIN] ?? 22,
  };
  return openNative("node-brotli-compress", options, "Brotli");
}
