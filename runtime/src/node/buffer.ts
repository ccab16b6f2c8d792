// https://nodejs.org/api/buffer.html
// The package `buffer`, with what it lacks, and with V8's own codecs where it has some.

import buffers, { Buffer } from "buffer/";

const { atob, btoa, Blob, File, TextDecoder, TextEncoder } = globalThis as unknown as Globals;

interface Globals {
  atob(text: string): string;
  btoa(text: string): string;
  Blob: unknown;
  File: unknown;
  TextDecoder: new (
    label?: string,
    options?: { fatal?: boolean; ignoreBOM?: boolean },
  ) => {
    decode(bytes: Uint8Array): string;
  };
  TextEncoder: new () => { encode(text: string): Uint8Array };
}

const encoder = new TextEncoder();
const decoder = new TextDecoder("utf-8", { ignoreBOM: true });

type Encoding = "utf8" | "base64" | "base64url" | "hex" | null;

/** The encodings that V8 does better; all others are the package's. */
function codec(encoding: unknown): Encoding {
  switch (`${encoding ?? "utf8"}`.toLowerCase()) {
    case "utf8":
    case "utf-8":
      return "utf8";
    case "base64":
      return "base64";
    case "base64url":
      return "base64url";
    case "hex":
      return "hex";
    default:
      return null;
  }
}

function encode(text: string, encoding: unknown): Uint8Array | null {
  switch (codec(encoding)) {
    case "utf8":
      return encoder.encode(text);
    case "base64":
    case "base64url":
      return decodeBase64(text);
    case "hex":
      return decodeHex(text);
    default:
      return null;
  }
}

/** Either alphabet, with or without padding, up to what is neither. */
function decodeBase64(text: string): Uint8Array {
  const plain = text
    .replace(/-/g, "+")
    .replace(/_/g, "/")
    .replace(/[^A-Za-z0-9+/=]/g, "");
  const end = plain.indexOf("=");
  let digits = end < 0 ? plain : plain.slice(0, end);
  if (digits.length % 4 === 1) digits = digits.slice(0, -1);
  return Uint8Array.fromBase64(digits);
}

/** Up to the first pair that is not one of digits. */
function decodeHex(text: string): Uint8Array {
  const digits = /^(?:[0-9a-f]{2})*/i.exec(text) as RegExpExecArray;
  return Uint8Array.fromHex(digits[0]);
}

function view(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

const packaged = {
  from: Buffer.from,
  isEncoding: Buffer.isEncoding,
  byteLength: Buffer.byteLength,
  toString: Buffer.prototype.toString,
  write: Buffer.prototype.write,
  fill: Buffer.prototype.fill,
};

Buffer.from = (value: unknown, ...rest: unknown[]): Buffer => {
  const bytes = typeof value === "string" ? encode(value, rest[0]) : null;
  return bytes === null ? Reflect.apply(packaged.from, Buffer, [value, ...rest]) : view(bytes);
};

Buffer.isEncoding = (encoding: unknown): boolean =>
  typeof encoding === "string" &&
  (encoding.toLowerCase() === "base64url" || packaged.isEncoding(encoding));

Buffer.byteLength = (value: unknown, encoding?: unknown): number => {
  const bytes = typeof value === "string" ? encode(value, encoding) : null;
  return bytes === null ? packaged.byteLength(value, encoding) : bytes.byteLength;
};

Buffer.copyBytesFrom = (source: ArrayBufferView, offset = 0, length?: number): Buffer => {
  const size = (source as Uint8Array).BYTES_PER_ELEMENT;
  const start = source.byteOffset + offset * size;
  const end = length === undefined ? source.byteOffset + source.byteLength : start + length * size;
  return view(new Uint8Array(source.buffer.slice(start, end) as ArrayBuffer));
};

Buffer.prototype.toString = function (
  this: Buffer,
  encoding?: unknown,
  start = 0,
  end = this.length,
): string {
  const which = codec(encoding);
  if (which === null) return Reflect.apply(packaged.toString, this, [encoding, start, end]);
  const part = this.subarray(Math.max(0, start), Math.max(0, end));
  if (which === "utf8") return decoder.decode(part);
  if (which === "hex") return part.toHex();
  if (which === "base64") return part.toBase64();
  return part.toBase64({ alphabet: "base64url", omitPadding: true });
};

Object.assign(Buffer.prototype, { toLocaleString: Buffer.prototype.toString });

Buffer.prototype.write = function (text: string, ...rest: unknown[]): number {
  const encoding = rest.find((each) => typeof each === "string") ?? "utf8";
  const bytes = codec(encoding) === "base64url" ? encode(text, encoding) : null;
  if (bytes === null) return Reflect.apply(packaged.write, this, [text, ...rest]);
  const { 0: offset = 0, 1: length = this.length } = rest.filter(
    (each) => typeof each === "number",
  ) as number[];
  const part = bytes.subarray(0, Math.min(length, this.length - offset));
  this.set(part, offset);
  return part.length;
};

Buffer.prototype.fill = function (value: unknown, ...rest: unknown[]): Buffer {
  const encoding = rest.find((each) => typeof each === "string");
  if (typeof value !== "string" || codec(encoding) !== "base64url") {
    return Reflect.apply(packaged.fill, this, [value, ...rest]);
  }
  const numbers = rest.filter((each) => typeof each === "number");
  return Reflect.apply(packaged.fill, this, [encode(value, encoding), ...numbers]);
};

export function isUtf8(bytes: Uint8Array): boolean {
  try {
    new TextDecoder("utf-8", { fatal: true }).decode(bytes);
    return true;
  } catch {
    return false;
  }
}

export function isAscii(bytes: Uint8Array): boolean {
  return view(bytes).every((byte) => byte < 0x80);
}

/** From one encoding to another; what the other lacks becomes "?". */
export function transcode(source: Uint8Array, from: string, to: string): Buffer {
  const text = view(source).toString(from);
  const narrow = /^(?:ascii|latin1|binary)$/i.test(to);
  const limit = /^ascii$/i.test(to) ? 0x7f : 0xff;
  const fitting = narrow
    ? Array.from(text, (each) => ((each.codePointAt(0) as number) > limit ? "?" : each)).join("")
    : text;
  return Buffer.from(fitting, to);
}

/** There are no object URLs here. */
export function resolveObjectURL(_id: string): undefined {}

export const { INSPECT_MAX_BYTES, kMaxLength, SlowBuffer } = buffers;
export const kStringMaxLength = 536_870_888;
export const constants = { MAX_LENGTH: kMaxLength, MAX_STRING_LENGTH: kStringMaxLength };

export { atob, Blob, Buffer, btoa, File };

export default {
  atob,
  Blob,
  btoa,
  Buffer,
  constants,
  File,
  INSPECT_MAX_BYTES,
  isAscii,
  isUtf8,
  kMaxLength,
  kStringMaxLength,
  resolveObjectURL,
  SlowBuffer,
  transcode,
};
