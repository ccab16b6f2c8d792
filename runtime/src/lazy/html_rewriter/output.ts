// What lol-html has written and nobody has taken yet. It writes a tag in a dozen pieces, so they are
// put together.

import { TypedArrayByteLength, TypedArraySet, viewBytes } from "../../primordials.js";

const { Uint8Array } = globalThis;

const FIRST_SIZE = 4096;
/** Pieces up to this size are copied byte by byte: that is faster than to make a view of them. */
const SMALL = 48;

export class Output {
  size = 0;
  #bytes: Uint8Array = new Uint8Array(0);

  /** Adds a range of `bytes`. */
  add(bytes: Uint8Array, start: number, end: number): void {
    const size = end - start;
    const used = this.size;
    if (used + size > TypedArrayByteLength(this.#bytes)) this.#grow(used + size);
    const target = this.#bytes;
    if (size <= SMALL) {
      for (let i = 0; i < size; i++) target[used + i] = bytes[start + i] as number;
    } else {
      TypedArraySet(target, viewBytes(bytes, start, end), used);
    }
    this.size = used + size;
  }

  /** All that is there. */
  take(): Uint8Array {
    const bytes = viewBytes(this.#bytes, 0, this.size);
    this.#bytes = new Uint8Array(0);
    this.size = 0;
    return bytes;
  }

  #grow(needed: number): void {
    let size = TypedArrayByteLength(this.#bytes) * 2;
    if (size < FIRST_SIZE) size = FIRST_SIZE;
    while (size < needed) size *= 2;
    const bytes = new Uint8Array(size);
    TypedArraySet(bytes, viewBytes(this.#bytes, 0, this.size));
    this.#bytes = bytes;
  }
}
