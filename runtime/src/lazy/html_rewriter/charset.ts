// Documents in another encoding than UTF-8, as their Content-Type says. lol-html as it was compiled
// knows UTF-8 only, so it is given each byte from 0x80 up as the character of that number, which its
// output is turned back from: what no handler touches comes out as it was, valid or not. All encodings
// of documents agree on the bytes below 0x80, and with them on what markup is. Text that goes to
// handlers or comes from them is decoded and encoded on the way.

import { loadLazy } from "../../lazy.js";
import {
  NumberToString,
  SafeMap,
  StringCharCodeAt,
  StringCodePointAt,
  StringSlice,
  TypedArrayByteLength,
  viewBytes,
} from "../../primordials.js";
import { getEncoding, textOf, windows1252ToString } from "../../web/encodings.js";
import { extractMimeType, parameter } from "../forms/mime_type.js";
import { joinBytes } from "./chunks.js";

const { TypeError, Uint16Array, Uint8Array } = globalThis;

const UNTOUCHED = new Uint8Array(0);

/** The charset of a document; null for UTF-8. Throws for what lol-html has no way to read. */
export function charsetOf(contentType: string | null): Charset | null {
  const type = contentType === null ? null : extractMimeType(contentType);
  const label = type === null ? null : parameter(type, "charset");
  if (label === null) return null;
  const encoding = getEncoding(label);
  if (encoding === "utf-8") return null;
  if (encoding === "windows-1252") return new Charset(encoding, windows1252ToString);
  if (encoding === null) {
    throw new TypeError("Parser error: Unknown character encoding has been provided.");
  }
  if (typeof encoding === "string" || encoding.name === "iso-2022-jp") {
    throw new TypeError("Parser error: Expected ASCII-compatible encoding.");
  }
  return new Charset(encoding.name, encoding.newDecoder(false));
}

export class Charset {
  readonly #name: string;
  readonly #decode: (bytes: Uint8Array, stream: boolean) => string;
  readonly #encode: (text: string) => Uint8Array;
  /** How characters are written; null for those that the encoding hasn't got. */
  readonly #written = new SafeMap<string, string | null>();
  /** Bytes that wait for the rest of their character. */
  #rest: Uint8Array = UNTOUCHED;

  constructor(name: string, decode: (bytes: Uint8Array, stream: boolean) => string) {
    this.#name = name;
    this.#decode = decode;
    const script = loadLazy("legacy_encodings") as typeof import("../legacy_encodings.js");
    this.#encode = script.legacyEncoder(name);
  }

  /** What lol-html is to be given for a piece of the document; null stands for its end. */
  widen(piece: Uint8Array | null): Uint8Array {
    const bytes = piece === null ? this.#rest : joinBytes(this.#rest, piece);
    const size = TypedArrayByteLength(bytes);
    const whole = piece === null ? size : this.#whole(bytes, size);
    this.#rest = viewBytes(bytes, whole, size);
    let more = 0;
    for (let i = 0; i < whole; i++) more += (bytes[i] as number) >> 7;
    const wide = new Uint8Array(whole + more);
    for (let i = 0, at = 0; i < whole; i++) {
      const byte = bytes[i] as number;
      if (byte < 0x80) {
        wide[at++] = byte;
      } else {
        wide[at++] = 0xc0 | (byte >> 6);
        wide[at++] = 0x80 | (byte & 0x3f);
      }
    }
    return wide;
  }

  /** The bytes of the document for what lol-html has written. */
  narrow(wide: Uint8Array, start: number, end: number): Uint8Array {
    const bytes = new Uint8Array(end - start);
    let size = 0;
    for (let at = start; at < end; at++) {
      const byte = wide[at] as number;
      bytes[size++] = byte < 0x80 ? byte : ((byte & 3) << 6) | ((wide[++at] as number) & 0x3f);
    }
    return viewBytes(bytes, 0, size);
  }

  /** Text of lol-html's for a handler. */
  read(text: string): string {
    const size = text.length;
    const bytes = new Uint8Array(size);
    let high = 0;
    for (let i = 0; i < size; i++) {
      const code = StringCharCodeAt(text, i);
      high |= code;
      bytes[i] = code;
    }
    return high < 0x80 ? text : this.#decode(bytes, false);
  }

  /** A handler's text for lol-html. What the encoding hasn't got becomes a reference, or is refused
   * where there are none: `what` says where. */
  write(text: string, what: string | null = null): string {
    let result = "";
    let start = 0;
    for (let i = 0; i < text.length; i++) {
      const point = StringCodePointAt(text, i) as number;
      if (point < 0x80) continue;
      const end = i + (point > 0xffff ? 2 : 1);
      const written = this.#writeOne(StringSlice(text, i, end));
      if (written === null && what !== null) {
        throw new TypeError(
          `Parser error: ${what} contains a character that can't be represented in the document's ` +
            "character encoding.",
        );
      }
      result += StringSlice(text, start, i) + (written ?? `&#${NumberToString(point)};`);
      start = end;
      i = end - 1;
    }
    return result + StringSlice(text, start);
  }

  #writeOne(character: string): string | null {
    let written = this.#written.get(character);
    if (written === undefined) {
      try {
        const bytes = this.#encode(character);
        written = textOf(new Uint16Array(bytes));
      } catch {
        written = null;
      }
      this.#written.set(character, written);
    }
    return written;
  }

  /** How many bytes are whole characters. */
  #whole(bytes: Uint8Array, size: number): number {
    let at = 0;
    while (at < size) {
      const length = this.#lengthAt(bytes, at);
      if (at + length > size) return at;
      at += length;
    }
    return size;
  }

  #lengthAt(bytes: Uint8Array, at: number): number {
    const byte = bytes[at] as number;
    if (byte < 0x81 || byte === 0xff) return 1;
    switch (this.#name) {
      case "shift_jis":
        return byte >= 0xa0 && byte <= 0xdf ? 1 : 2;
      case "euc-jp":
        return byte === 0x8f ? 3 : 2;
      case "gbk":
      case "gb18030": {
        const next = bytes[at + 1] ?? 0;
        return next >= 0x30 && next <= 0x39 ? 4 : 2;
      }
      case "big5":
      case "euc-kr":
        return 2;
      default:
        return 1;
    }
  }
}
