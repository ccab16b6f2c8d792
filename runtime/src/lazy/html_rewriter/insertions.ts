// Content that is a stream. lol-html takes strings only, so it gets a mark that stands for the
// stream; where the mark turns up in the output, the stream is copied there, chunk by chunk. A mark is a random number, which no document knows. One that doesn't turn up was
// in what lol-html has left out: its stream is given up.

import { decodeUtf8, encodeUtf8 } from "../../engine.js";
import { fillRandom } from "../../host.js";
import {
  NumberToString,
  SafeMap,
  StringIncludes,
  StringSlice,
  TypedArrayByteLength,
  TypedArrayIndexOf,
  viewBytes,
} from "../../primordials.js";
import { incompleteTail } from "../../web/encodings.js";
import { utf8DecodeWithoutBOM } from "../../web/url_utf8.js";
import { type Chunks, joinBytes } from "./chunks.js";
import { escapeText } from "./escape.js";

const { TypeError, Uint8Array } = globalThis;

/** A mark is this byte, which is rare in documents, the random number, and digits of its own. */
const FIRST = 0x02;
const DIGITS = 8;
const RANDOM_BYTES = 16;
const MARK_SIZE = 1 + 2 * RANDOM_BYTES + DIGITS;

export class Insertion {
  readonly #chunks: Chunks;
  readonly #html: boolean;
  #tail: Uint8Array = new Uint8Array(0);

  constructor(chunks: Chunks, html: boolean) {
    this.#chunks = chunks;
    this.#html = html;
  }

  /** Text of the document, as it is to be written; null at the end. */
  async next(): Promise<string | null> {
    const chunk = await this.#chunks.next();
    // Half a character at the end is left out, as on the platform.
    if (chunk === null) return null;
    const text = this.#decode(chunk);
    return this.#html ? text : escapeText(text);
  }

  cancel(reason: unknown): void {
    this.#chunks.cancel(reason);
  }

  /** A character may be divided between two chunks. */
  #decode(chunk: Uint8Array): string {
    const bytes = joinBytes(this.#tail, chunk);
    const size = TypedArrayByteLength(bytes);
    const whole = size - incompleteTail("utf-8", bytes);
    this.#tail = viewBytes(bytes, whole, size);
    const text = utf8DecodeWithoutBOM(viewBytes(bytes, 0, whole));
    if (StringIncludes(text, "\uFFFD") && TypedArrayByteLength(encodeUtf8(text)) !== whole) {
      throw new TypeError("Parser error: Invalid UTF-8");
    }
    return text;
  }
}

/** The streams that are to be inserted in one document. */
export class Insertions {
  readonly #waiting = new SafeMap<string, Insertion>();
  #random = "";
  #last = 0;

  /** Gives what lol-html is to insert. */
  add(insertion: Insertion): string {
    if (this.#random === "") this.#random = randomDigits();
    const digits = NumberToString(1e8 + ++this.#last);
    const mark = `\x02${this.#random}${StringSlice(digits, 1)}`;
    this.#waiting.set(mark, insertion);
    return mark;
  }

  get some(): boolean {
    return this.#waiting.size > 0;
  }

  /** The next mark in a range of the output: where it is and what it stands for. */
  find(bytes: Uint8Array, start: number, end: number): [at: number, Insertion] | null {
    let at = TypedArrayIndexOf(bytes, FIRST, start);
    while (at >= 0 && at + MARK_SIZE <= end) {
      const mark = decodeUtf8(viewBytes(bytes, at, at + MARK_SIZE));
      const insertion = this.#waiting.get(mark);
      if (insertion !== undefined) {
        this.#waiting.delete(mark);
        return [at, insertion];
      }
      at = TypedArrayIndexOf(bytes, FIRST, at + 1);
    }
    return null;
  }

  cancelAll(reason: unknown): void {
    this.#waiting.forEach((insertion) => {
      insertion.cancel(reason);
    });
    this.#waiting.clear();
  }
}

export { MARK_SIZE };

function randomDigits(): string {
  const bytes = new Uint8Array(RANDOM_BYTES);
  fillRandom(bytes);
  let digits = "";
  for (let i = 0; i < RANDOM_BYTES; i++) {
    digits += StringSlice(NumberToString(0x100 + (bytes[i] as number), 16), 1);
  }
  return digits;
}
