// Encoding §7: TextEncoder and TextDecoder. UTF-8 is the engine's own.

import { encodeUtf8 } from "../engine.js";
import {
  incompleteTail,
  latin1ToString,
  type NamedEncoding,
  namedEncoding,
  utf16Units,
} from "./encodings.js";
import { utf8DecodeWithoutBOM } from "./url_utf8.js";
import { bytesOf, defineInterface, requireArguments, toDictionary, toUsvString } from "./webidl.js";

const { RangeError, TypeError, Uint8Array } = globalThis;

const BOM = "\uFEFF";
const REPLACEMENT = "\uFFFD";
/** Longest UTF-8 sequence of one UTF-16 code unit. */
const MAX_BYTES_PER_UNIT = 3;

/** Encoding §7.4. */
export class TextEncoder {
  get encoding(): string {
    return "utf-8";
  }

  encode(input: string = ""): Uint8Array {
    return encodeUtf8(`${input}`);
  }

  encodeInto(source: string, destination: Uint8Array): { read: number; written: number } {
    requireArguments("TextEncoder.encodeInto", arguments.length, 2);
    if (!(destination instanceof Uint8Array)) {
      throw new TypeError("TextEncoder.encodeInto: the destination is not a Uint8Array");
    }
    const text = toUsvString(source);
    let read = text.length;
    if (text.length * MAX_BYTES_PER_UNIT > destination.length) {
      read = unitsThatFit(text, destination.length);
    }
    const bytes = encodeUtf8(read === text.length ? text : text.slice(0, read));
    destination.set(bytes);
    return { read, written: bytes.length };
  }
}

defineInterface("TextEncoder", TextEncoder);

/** Code units of a prefix of `text`, whole code points, whose UTF-8 is at most `size` bytes long. */
function unitsThatFit(text: string, size: number): number {
  let written = 0;
  let at = 0;
  while (at < text.length) {
    const point = text.codePointAt(at)!;
    written += point < 0x80 ? 1 : point < 0x800 ? 2 : point < 0x10000 ? 3 : 4;
    if (written > size) break;
    at += point < 0x10000 ? 1 : 2;
  }
  return at;
}

/** Encoding §7.2. */
export class TextDecoder {
  readonly #encoding: NamedEncoding;
  readonly #fatal: boolean;
  readonly #ignoreBOM: boolean;
  /** Bytes that wait for the rest of their character. */
  #pending: Uint8Array | null = null;
  #bomSeen = false;

  constructor(label: string = "utf-8", options?: { fatal?: boolean; ignoreBOM?: boolean }) {
    const encoding = namedEncoding(`${label}`);
    if (encoding === null) {
      throw new RangeError(`"${label}" is not a label of a supported encoding.`);
    }
    const { fatal, ignoreBOM } = toDictionary<{ fatal: boolean; ignoreBOM: boolean }>(
      options,
      "TextDecoderOptions",
    );
    this.#encoding = encoding;
    this.#fatal = !!fatal;
    this.#ignoreBOM = !!ignoreBOM;
  }

  get encoding(): string {
    return this.#encoding;
  }

  get fatal(): boolean {
    return this.#fatal;
  }

  get ignoreBOM(): boolean {
    return this.#ignoreBOM;
  }

  decode(input?: ArrayBuffer | ArrayBufferView, options?: { stream?: boolean }): string {
    const stream = !!toDictionary<{ stream: boolean }>(options, "TextDecodeOptions").stream;
    let bytes = input === undefined ? new Uint8Array() : bytesOf(input, "TextDecoder.decode");
    if (this.#pending !== null) {
      bytes = concatenate(this.#pending, bytes);
      this.#pending = null;
    }
    try {
      if (stream) {
        const tail = incompleteTail(this.#encoding, bytes);
        if (tail > 0) {
          // A copy: the caller may reuse its buffer.
          this.#pending = bytes.slice(bytes.length - tail);
          bytes = bytes.subarray(0, bytes.length - tail);
        }
      }
      return this.#serialize(this.#decodeBytes(bytes), stream);
    } catch (error) {
      this.#pending = null;
      this.#bomSeen = false;
      throw error;
    }
  }

  #decodeBytes(bytes: Uint8Array): string {
    if (bytes.length === 0) return "";
    switch (this.#encoding) {
      case "utf-8": {
        const text = utf8DecodeWithoutBOM(bytes);
        if (this.#fatal && text.includes(REPLACEMENT) && !sameBytes(encodeUtf8(text), bytes)) {
          throw malformed(this.#encoding);
        }
        return text;
      }
      case "windows-1252":
        return latin1ToString(bytes);
      default: {
        const units = utf16Units(bytes, this.#encoding === "utf-16be");
        const odd = bytes.length % 2 === 1;
        if (this.#fatal && (odd || !units.isWellFormed())) throw malformed(this.#encoding);
        // What is left of a character at the end of the stream is one error, not two.
        const last = units.charCodeAt(units.length - 1);
        const loneLead = odd && last >= 0xd800 && last <= 0xdbff;
        return units.toWellFormed() + (odd && !loneLead ? REPLACEMENT : "");
      }
    }
  }

  /** Encoding §7.2, "serialize I/O queue": keeps the byte order mark off, once per stream. */
  #serialize(text: string, stream: boolean): string {
    let output = text;
    if (!this.#ignoreBOM && !this.#bomSeen && this.#encoding !== "windows-1252") {
      if (output.startsWith(BOM)) output = output.slice(1);
    }
    this.#bomSeen = stream && (this.#bomSeen || text !== "");
    return output;
  }
}

defineInterface("TextDecoder", TextDecoder);

function malformed(encoding: string): TypeError {
  return new TypeError(`The encoded data is not valid ${encoding}.`);
}

function concatenate(first: Uint8Array, second: Uint8Array): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(first.length + second.length);
  whole.set(first);
  whole.set(second, first.length);
  return whole;
}

function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false;
  for (let at = 0; at < a.length; at++) {
    if (a[at] !== b[at]) return false;
  }
  return true;
}
