// What is to be read and nobody has read yet: bytes that lol-html has written, and streams that come
// between them. lol-html writes a tag in a dozen pieces, so they are put together.

import {
  ArrayForEach,
  ArrayShift,
  safeList,
  TypedArrayByteLength,
  TypedArraySet,
  viewBytes,
} from "../../primordials.js";
import { Insertion } from "./insertions.js";

const { Uint8Array } = globalThis;

const FIRST_SIZE = 4096;
/** Pieces up to this size are copied byte by byte: that is faster than to make a view of them. */
const SMALL = 48;
const NOTHING = new Uint8Array(0);

export class Output {
  /** What comes before the bytes that are being put together. */
  #parts = safeList<Uint8Array | Insertion>();
  #bytes: Uint8Array = NOTHING;
  #size = 0;

  get isEmpty(): boolean {
    return this.#size === 0 && this.#parts.length === 0;
  }

  /** Adds a range of `bytes`. */
  add(bytes: Uint8Array, start: number, end: number): void {
    const size = end - start;
    const used = this.#size;
    if (used + size > TypedArrayByteLength(this.#bytes)) this.#grow(used + size);
    const target = this.#bytes;
    if (size <= SMALL) {
      for (let i = 0; i < size; i++) target[used + i] = bytes[start + i] as number;
    } else {
      TypedArraySet(target, viewBytes(bytes, start, end), used);
    }
    this.#size = used + size;
  }

  insert(insertion: Insertion): void {
    this.#flush();
    this.#parts[this.#parts.length] = insertion;
  }

  /** What comes next; it stays where it is if it is a stream. */
  first(): Uint8Array | Insertion | null {
    if (this.#parts.length === 0) this.#flush();
    const first = this.#parts[0];
    if (first === undefined) return null;
    return first instanceof Insertion ? first : ArrayShift(this.#parts);
  }

  /** The stream that comes next has ended. */
  dropFirst(): void {
    ArrayShift(this.#parts);
  }

  /** Nobody reads it any more. */
  cancel(reason: unknown): void {
    ArrayForEach(this.#parts, (part) => {
      if (part instanceof Insertion) part.cancel(reason);
    });
    this.#parts = safeList();
    this.#size = 0;
  }

  #flush(): void {
    if (this.#size === 0) return;
    this.#parts[this.#parts.length] = viewBytes(this.#bytes, 0, this.#size);
    this.#bytes = NOTHING;
    this.#size = 0;
  }

  #grow(needed: number): void {
    let size = TypedArrayByteLength(this.#bytes) * 2;
    if (size < FIRST_SIZE) size = FIRST_SIZE;
    while (size < needed) size *= 2;
    const bytes = new Uint8Array(size);
    TypedArraySet(bytes, viewBytes(this.#bytes, 0, this.#size));
    this.#bytes = bytes;
  }
}
