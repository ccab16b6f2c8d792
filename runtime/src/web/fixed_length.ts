// The streams whose length is known before they end: FixedLengthStream's.

import { SafeWeakMap } from "../primordials.js";
import type { ReadableStream } from "./streams.js";

const lengths = new SafeWeakMap<ReadableStream, number>();

export function setFixedLength(stream: ReadableStream, length: number): void {
  lengths.set(stream, length);
}

/** How many bytes the stream gives, where that is known. */
export function fixedLength(stream: ReadableStream): number | null {
  return lengths.get(stream) ?? null;
}
