// https://nodejs.org/api/crypto.html#cryptorandombytessize-callback

import { Buffer } from "node:buffer";
import { fillRandom } from "../../../host.js";
import { crypto } from "../../../web/crypto.js";
import { queueMicrotask } from "../../../web/microtask.js";
import { requireInteger } from "./bytes.js";

type Callback<T> = (error: unknown, value: T) => void;

const PIECE = 64 * 1024;

export function randomBytes(size: number, callback?: Callback<Buffer>): Buffer | undefined {
  return deliver(randomFillSync(Buffer.alloc(requireInteger(size, "size"))), callback);
}

/** Fills a part of a buffer or view, or all of it. */
export function randomFillSync<T extends ArrayBuffer | ArrayBufferView>(
  target: T,
  offset = 0,
  size?: number,
): T {
  const { buffer, start, length, unit } = ArrayBuffer.isView(target)
    ? {
        buffer: target.buffer,
        start: target.byteOffset,
        length: target.byteLength,
        unit: (target as unknown as Uint8Array).BYTES_PER_ELEMENT ?? 1,
      }
    : { buffer: target, start: 0, length: target.byteLength, unit: 1 };
  const from = requireInteger(offset, "offset") * unit;
  const count = size === undefined ? length - from : requireInteger(size, "size") * unit;
  if (count < 0 || from + count > length) {
    throw new RangeError('The value of "size + offset" is out of range.');
  }
  for (let at = 0; at < count; at += PIECE) {
    fillRandom(new Uint8Array(buffer, start + from + at, Math.min(PIECE, count - at)));
  }
  return target;
}

export function randomFill<T extends ArrayBuffer | ArrayBufferView>(
  target: T,
  ...rest: (number | Callback<T>)[]
): void {
  const callback = rest.pop() as Callback<T>;
  deliver(randomFillSync(target, ...(rest as number[])), callback);
}

/** A whole number from `min` on and below `max`, each as likely. */
export function randomInt(...values: (number | Callback<number> | undefined)[]): unknown {
  const numbers = values.filter((value) => typeof value === "number") as number[];
  const callback = values.find((value) => typeof value === "function") as Callback<number>;
  const { 0: min, 1: max } = numbers.length > 1 ? numbers : [0, numbers[0]];
  const range = (max as number) - (min as number);
  if (!Number.isSafeInteger(min) || !Number.isSafeInteger(max)) {
    throw new TypeError('The "min" and "max" arguments must be safe integers.');
  }
  if (range <= 0 || range >= 2 ** 48) {
    throw new RangeError(`The value of "max" is out of range. Received ${max}`);
  }
  const limit = 2 ** 48 - (2 ** 48 % range);
  let found: number;
  do {
    found = randomFillSync(Buffer.alloc(8)).readUIntBE(0, 6);
  } while (found >= limit);
  return deliver((min as number) + (found % range), callback);
}

export function randomUUID(): string {
  return crypto.randomUUID();
}

export function getRandomValues<T extends ArrayBufferView>(view: T): T {
  return crypto.getRandomValues(view as never) as T;
}

function deliver<T>(value: T, callback: Callback<T> | undefined): T | undefined {
  if (callback === undefined) return value;
  queueMicrotask(() => callback(null, value));
  return undefined;
}
