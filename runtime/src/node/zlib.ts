// https://nodejs.org/api/zlib.html, by zlib and brotli of the host (isolate/natives/node_zlib.py)

import { Buffer } from "node:buffer";
import { Transform } from "node:stream";
import lacking from "unenv/node/zlib";
import { callNative } from "../natives.js";
import { queueMicrotask } from "../web/microtask.js";
import { bytesOf } from "./internal/crypto/bytes.js";
import { Codec, type Format, type ZlibOptions } from "./internal/zlib/codec.js";

export * from "unenv/node/zlib";

type Done = (error?: unknown, value?: unknown) => void;

/** The stream form of a codec. */
class Zlib extends Transform {
  readonly #codec: Codec;
  bytesWritten = 0;
  declare push: (chunk: unknown) => boolean;
  declare destroy: () => void;

  constructor(format: Format, options: ZlibOptions = {}) {
    super(options);
    this.#codec = new Codec(format, options);
  }

  /** Sends on what has been compressed so far. */
  flush(...rest: unknown[]): void {
    const callback = rest.find((each) => typeof each === "function") as (() => void) | undefined;
    this.#codec.flush((bytes) => this.push(Buffer.from(bytes)));
    if (callback !== undefined) queueMicrotask(callback);
  }

  close(callback?: () => void): void {
    this.destroy();
    if (callback !== undefined) queueMicrotask(callback);
  }

  _transform(chunk: unknown, encoding: unknown, done: Done): void {
    this.#run(done, () => {
      const bytes = bytesOf(chunk, "chunk", encoding);
      this.bytesWritten += bytes.length;
      this.#codec.add(bytes, (each) => this.push(Buffer.from(each)));
    });
  }

  _flush(done: Done): void {
    this.#run(done, () => this.#codec.end((each) => this.push(Buffer.from(each))));
  }

  _destroy(error: unknown, done: Done): void {
    this.#codec.close();
    done(error);
  }

  #run(done: Done, action: () => void): void {
    try {
      action();
    } catch (error) {
      done(error);
      return;
    }
    done();
  }
}

type ZlibClass = new (options?: ZlibOptions) => Zlib;

/** Old code calls the class as a function. */
function makeClass(format: Format): ZlibClass {
  const made = function (this: unknown, options?: ZlibOptions): Zlib {
    return Reflect.construct(Zlib, [format, options], new.target ?? made);
  };
  Object.defineProperty(made, "name", { value: format });
  made.prototype = Object.create(Zlib.prototype, {
    constructor: { value: made, writable: true, configurable: true },
  });
  return made as unknown as ZlibClass;
}

function all(format: Format, data: unknown, options: ZlibOptions = {}): Buffer {
  const codec = new Codec(format, options);
  const pieces: Uint8Array[] = [];
  const push = (piece: Uint8Array): void => {
    pieces.push(piece);
  };
  try {
    codec.add(bytesOf(data, "buffer"), push);
    codec.end(push);
  } finally {
    codec.close();
  }
  return Buffer.concat(pieces);
}

const atOnce =
  (format: Format) =>
  (data: unknown, options?: ZlibOptions): Buffer =>
    all(format, data, options);

const withCallback =
  (format: Format) =>
  (data: unknown, ...rest: unknown[]): void => {
    const callback = rest.pop();
    if (typeof callback !== "function") {
      throw new TypeError('The "callback" argument must be of type function.');
    }
    let result: [error: unknown, value?: Buffer];
    try {
      result = [null, all(format, data, rest[0] as ZlibOptions | undefined)];
    } catch (error) {
      result = [error];
    }
    queueMicrotask(() => callback(...result));
  };

export const Gzip: ZlibClass = makeClass("Gzip");
export const Gunzip: ZlibClass = makeClass("Gunzip");
export const Deflate: ZlibClass = makeClass("Deflate");
export const Inflate: ZlibClass = makeClass("Inflate");
export const DeflateRaw: ZlibClass = makeClass("DeflateRaw");
export const InflateRaw: ZlibClass = makeClass("InflateRaw");
export const Unzip: ZlibClass = makeClass("Unzip");
export const BrotliCompress: ZlibClass = makeClass("BrotliCompress");
export const BrotliDecompress: ZlibClass = makeClass("BrotliDecompress");

export const createGzip = (options?: ZlibOptions): Zlib => new Gzip(options);
export const createGunzip = (options?: ZlibOptions): Zlib => new Gunzip(options);
export const createDeflate = (options?: ZlibOptions): Zlib => new Deflate(options);
export const createInflate = (options?: ZlibOptions): Zlib => new Inflate(options);
export const createDeflateRaw = (options?: ZlibOptions): Zlib => new DeflateRaw(options);
export const createInflateRaw = (options?: ZlibOptions): Zlib => new InflateRaw(options);
export const createUnzip = (options?: ZlibOptions): Zlib => new Unzip(options);
export const createBrotliCompress = (options?: ZlibOptions): Zlib => new BrotliCompress(options);
export const createBrotliDecompress = (options?: ZlibOptions): Zlib =>
  new BrotliDecompress(options);

export const gzip = withCallback("Gzip");
export const gunzip = withCallback("Gunzip");
export const deflate = withCallback("Deflate");
export const inflate = withCallback("Inflate");
export const deflateRaw = withCallback("DeflateRaw");
export const inflateRaw = withCallback("InflateRaw");
export const unzip = withCallback("Unzip");
export const brotliCompress = withCallback("BrotliCompress");
export const brotliDecompress = withCallback("BrotliDecompress");

export const gzipSync = atOnce("Gzip");
export const gunzipSync = atOnce("Gunzip");
export const deflateSync = atOnce("Deflate");
export const inflateSync = atOnce("Inflate");
export const deflateRawSync = atOnce("DeflateRaw");
export const inflateRawSync = atOnce("InflateRaw");
export const unzipSync = atOnce("Unzip");
export const brotliCompressSync = atOnce("BrotliCompress");
export const brotliDecompressSync = atOnce("BrotliDecompress");

export function crc32(data: unknown, start = 0): number {
  return callNative("node-crc32", { start }, [bytesOf(data, "data")]) as number;
}

export default {
  ...lacking,
  BrotliCompress,
  BrotliDecompress,
  brotliCompress,
  brotliCompressSync,
  brotliDecompress,
  brotliDecompressSync,
  crc32,
  createBrotliCompress,
  createBrotliDecompress,
  createDeflate,
  createDeflateRaw,
  createGunzip,
  createGzip,
  createInflate,
  createInflateRaw,
  createUnzip,
  Deflate,
  DeflateRaw,
  deflate,
  deflateRaw,
  deflateRawSync,
  deflateSync,
  Gunzip,
  Gzip,
  gunzip,
  gunzipSync,
  gzip,
  gzipSync,
  Inflate,
  InflateRaw,
  inflate,
  inflateRaw,
  inflateRawSync,
  inflateSync,
  Unzip,
  unzip,
  unzipSync,
};
