// Encoding §7: TextEncoder and TextDecoder. UTF-8 is the engine's own.

import { encodeUtf8 } from "../engine.js";
import {
  copyBytes,
  isUint8Array,
  StringCharCodeAt,
  StringCodePointAt,
  StringIncludes,
  StringIsWellFormed,
  StringSlice,
  StringStartsWith,
  StringToWellFormed,
  TypedArrayLength,
  TypedArraySet,
  viewBytes,
} from "../primordials.js";
import {
  type BuiltInEncoding,
  getEncoding,
  incompleteTail,
  type LegacyDecode,
  type LegacyEncoding,
  utf16Units,
  windows1252ToString,
} from "./encodings.js";
import { utf8DecodeWithoutBOM } from "./url_utf8.js";
import { bytesOf, defineInterface, requireArguments, toDictionary, toUsvString } from "./webidl.js";

const { RangeError, TypeError, Uint8Array } = globalThis;

const BOM = "\uFEFF";
const REPLACEMENT = "\uFFFD";
const NOTHING: Uint8Array = new Uint8Array(0);
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
    if (!isUint8Array(destination)) {
      throw new TypeError("TextEncoder.encodeInto: the destination is not a Uint8Array");
    }
    const text = toUsvString(source);
    const room = TypedArrayLength(destination);
    let read = text.length;
    if (text.length * MAX_BYTES_PER_UNIT > room) read = unitsThatFit(text, room);
    const bytes = encodeUtf8(read === text.length ? text : StringSlice(text, 0, read));
    TypedArraySet(destination, bytes);
    return { read, written: TypedArrayLength(bytes) };
  }
}

defineInterface("TextEncoder", TextEncoder);

/** Code units of a prefix of `text`, whole code points, whose UTF-8 is at most `size` bytes long. */
function unitsThatFit(text: string, size: number): number {
  let written = 0;
  let at = 0;
  while (at < text.length) {
    const point = StringCodePointAt(text, at) as number;
    written += point < 0x80 ? 1 : point < 0x800 ? 2 : point < 0x10000 ? 3 : 4;
    if (written > size) break;
    at += point < 0x10000 ? 1 : 2;
  }
  return at;
}

/** TextDecoder's decode(). */
export let decodeText: (decoder: TextDecoder, bytes: Uint8Array, stream: boolean) => string;

/** Encoding §7.2. */
export class TextDecoder {
  readonly #encoding: BuiltInEncoding | LegacyEncoding;
  readonly #fatal: boolean;
  readonly #ignoreBOM: boolean;
  /** Decodes for a legacy encoding. */
  #legacy: LegacyDecode | null = null;
  /** Bytes that wait for the rest of their character. */
  #pending: Uint8Array | null = null;
  #bomSeen = false;

  static {
    decodeText = (decoder, bytes, stream) => decoder.#decode(bytes, stream);
  }

  constructor(label: string = "utf-8", options: unknown = undefined) {
    const encoding = getEncoding(`${label}`);
    if (encoding === null) throw new RangeError(`"${label}" is not a valid encoding.`);
    const { fatal, ignoreBOM } = toDictionary<{ fatal: boolean; ignoreBOM: boolean }>(
      options,
      "TextDecoderOptions",
    );
    this.#encoding = encoding;
    this.#fatal = !!fatal;
    this.#ignoreBOM = !!ignoreBOM;
  }

  get encoding(): string {
    return typeof this.#encoding === "string" ? this.#encoding : this.#encoding.name;
  }

  get fatal(): boolean {
    return this.#fatal;
  }

  get ignoreBOM(): boolean {
    return this.#ignoreBOM;
  }

  decode(input: unknown = NOTHING, options: unknown = undefined): string {
    const { stream } = toDictionary<{ stream: boolean }>(options, "TextDecodeOptions");
    return this.#decode(bytesOf(input, "TextDecoder.decode"), !!stream);
  }

  #decode(bytes: Uint8Array, stream: boolean): string {
    const encoding = this.#encoding;
    try {
      return typeof encoding === "string"
        ? this.#decodeBuiltIn(encoding, bytes, stream)
        : this.#decodeLegacy(encoding, bytes, stream);
    } catch {
      this.#pending = null;
      this.#bomSeen = false;
      this.#legacy = null;
      throw new TypeError("Failed to decode input.");
    }
  }

  #decodeLegacy(encoding: LegacyEncoding, bytes: Uint8Array, stream: boolean): string {
    this.#legacy ??= encoding.newDecoder(this.#fatal);
    return this.#legacy(bytes, stream);
  }

  #decodeBuiltIn(encoding: BuiltInEncoding, chunk: Uint8Array, stream: boolean): string {
    let bytes = chunk;
    if (this.#pending !== null) {
      bytes = concatenate(this.#pending, bytes);
      this.#pending = null;
    }
    if (stream) {
      const tail = incompleteTail(encoding, bytes);
      if (tail > 0) {
        const end = TypedArrayLength(bytes) - tail;
        // A copy: the caller may reuse its buffer.
        this.#pending = copyBytes(bytes, end);
        bytes = viewBytes(bytes, 0, end);
      }
    }
    return this.#serialize(encoding, decodeBytes(encoding, bytes, this.#fatal), stream);
  }

  /** Encoding §7.2, "serialize I/O queue": keeps the byte order mark off, once per stream. */
  #serialize(encoding: BuiltInEncoding, text: string, stream: boolean): string {
    const marked = !this.#ignoreBOM && !this.#bomSeen && encoding !== "windows-1252";
    this.#bomSeen = stream && (this.#bomSeen || text !== "");
    return marked && StringStartsWith(text, BOM) ? StringSlice(text, 1) : text;
  }
}

defineInterface("TextDecoder", TextDecoder);

/** Throws for what is malformed, if that is fatal. */
function decodeBytes(encoding: BuiltInEncoding, bytes: Uint8Array, fatal: boolean): string {
  if (TypedArrayLength(bytes) === 0) return "";
  if (encoding === "windows-1252") return windows1252ToString(bytes);
  if (encoding === "utf-8") {
    const text = utf8DecodeWithoutBOM(bytes);
    if (fatal && StringIncludes(text, REPLACEMENT) && !sameBytes(encodeUtf8(text), bytes)) {
      throw new TypeError();
    }
    return text;
  }
  const units = utf16Units(bytes, encoding === "utf-16be");
  const odd = TypedArrayLength(bytes) % 2 === 1;
  if (fatal && (odd || !StringIsWellFormed(units))) throw new TypeError();
  // What is left of a character at the end of the stream is one error, not two.
  const last = StringCharCodeAt(units, units.length - 1);
  const loneLead = odd && last >= 0xd800 && last <= 0xdbff;
  return StringToWellFormed(units) + (odd && !loneLead ? REPLACEMENT : "");
}

function concatenate(first: Uint8Array, second: Uint8Array): Uint8Array {
  const whole = new Uint8Array(TypedArrayLength(first) + TypedArrayLength(second));
  TypedArraySet(whole, first);
  TypedArraySet(whole, second, TypedArrayLength(first));
  return whole;
}

function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  const size = TypedArrayLength(a);
  if (size !== TypedArrayLength(b)) return false;
  for (let at = 0; at < size; at++) {
    if (a[at] !== b[at]) return false;
  }
  return true;
}
