// What node:crypto takes for bytes, and what it gives.

import { Buffer } from "node:buffer";
import type { KeyObject } from "./keys.js";

export type Data = string | ArrayBuffer | ArrayBufferView;

export function bytesOf(data: unknown, what: string, encoding?: unknown): Uint8Array {
  if (typeof data === "string") return Buffer.from(data, encoding);
  if (ArrayBuffer.isView(data)) {
    return new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  }
  if (data instanceof ArrayBuffer) return new Uint8Array(data);
  throw new TypeError(
    `The "${what}" argument must be of type string or an instance of ArrayBuffer, Buffer, ` +
      "TypedArray, or DataView.",
  );
}

/** The bytes of a secret, which may be a KeyObject. */
export function secretOf(key: unknown, what: string, encoding?: unknown): Uint8Array {
  const object = key as Partial<KeyObject> | null;
  if (typeof object === "object" && object?.type === "secret" && object.export !== undefined) {
    return object.export() as Uint8Array;
  }
  return bytesOf(key, what, encoding);
}

/** A Buffer, or text when an encoding is given. */
export function output(bytes: Uint8Array, encoding?: unknown): Buffer | string {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return encoding === undefined || encoding === null || encoding === "buffer"
    ? buffer
    : buffer.toString(encoding);
}

/** What the host gave: never another's memory. */
export function bufferOf(bytes: unknown): Buffer {
  return output(bytes as Uint8Array) as Buffer;
}

export function requireInteger(value: unknown, what: string, least = 0): number {
  if (typeof value !== "number") {
    throw new TypeError(`The "${what}" argument must be of type number.`);
  }
  if (!Number.isInteger(value) || value < least || value > 2 ** 31 - 1) {
    throw new RangeError(`The value of "${what}" is out of range. Received ${value}`);
  }
  return value;
}
