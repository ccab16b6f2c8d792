// Encoding §4–§14: the encodings that are always there, and how the others are found.

import { loadLazy } from "../lazy.js";
import {
  SafeMap,
  StringCharCodeAt,
  StringSlice,
  StringToLowerCase,
  TypedArrayBuffer,
  TypedArrayLength,
} from "../primordials.js";

const { Uint16Array } = globalThis;
const { fromCharCode } = String;
const { apply } = Reflect;
const { min } = Math;

/** What UTF-8 and its like need is in the snapshot; all else is in lazy/legacy_encodings.ts. */
export type BuiltInEncoding = "utf-8" | "utf-16le" | "utf-16be" | "windows-1252";

/** Gives the text of the next bytes; throws for what is malformed, if it is to be fatal. */
export type LegacyDecode = (bytes: Uint8Array, stream: boolean) => string;

export interface LegacyEncoding {
  readonly name: string;
  newDecoder(fatal: boolean): LegacyDecode;
}

/** Encoding §4.2. */
const labels: Record<BuiltInEncoding, string> = {
  "utf-8": "unicode-1-1-utf-8 unicode11utf8 unicode20utf8 utf-8 utf8 x-unicode20utf8",
  "utf-16le": "csunicode iso-10646-ucs-2 ucs-2 unicode unicodefeff utf-16 utf-16le",
  "utf-16be": "unicodefffe utf-16be",
  "windows-1252":
    "ansi_x3.4-1968 ascii cp1252 cp819 csisolatin1 ibm819 iso-8859-1 iso-ir-100 iso8859-1 " +
    "iso88591 iso_8859-1 iso_8859-1:1987 l1 latin1 us-ascii windows-1252 x-cp1252",
};

const encodings = new SafeMap<string, BuiltInEncoding>();
for (const [name, text] of Object.entries(labels)) {
  for (const label of text.split(" ")) encodings.set(label, name as BuiltInEncoding);
}

/** Encoding §4.2, "get an encoding"; null for what is none, and for "replacement". */
export function getEncoding(label: string): BuiltInEncoding | LegacyEncoding | null {
  const name = trim(label);
  const builtIn = encodings.get(StringToLowerCase(name));
  if (builtIn !== undefined) return builtIn;
  const script = loadLazy("legacy_encodings") as typeof import("../lazy/legacy_encodings.js");
  return script.legacyEncoding(name);
}

/** ASCII whitespace alone, which is less than what trim() takes off. */
function trim(label: string): string {
  let start = 0;
  let end = label.length;
  while (start < end && isWhitespace(StringCharCodeAt(label, start))) start++;
  while (end > start && isWhitespace(StringCharCodeAt(label, end - 1))) end--;
  return StringSlice(label, start, end);
}

function isWhitespace(code: number): boolean {
  return code === 0x20 || code === 0x09 || code === 0x0a || code === 0x0c || code === 0x0d;
}

// --- The decoders that the engine does not have --------------------------------------------------

/** index-windows-1252, 0x80 to 0x9F; every other byte is the code point of its own number. */
const windows1252 =
  "\u20AC\u0081\u201A\u0192\u201E\u2026\u2020\u2021\u02C6\u2030\u0160\u2039\u0152\u008D\u017D\u008F" +
  "\u0090\u2018\u2019\u201C\u201D\u2022\u2013\u2014\u02DC\u2122\u0161\u203A\u0153\u009D\u017E\u0178";

export function windows1252ToString(bytes: Uint8Array): string {
  const size = TypedArrayLength(bytes);
  const units = new Uint16Array(size);
  for (let i = 0; i < size; i++) {
    const byte = bytes[i] as number;
    units[i] = byte < 0x80 || byte > 0x9f ? byte : StringCharCodeAt(windows1252, byte - 0x80);
  }
  return textOf(units);
}

/** The code units of whole byte pairs; they may hold lone surrogates. */
export function utf16Units(bytes: Uint8Array, bigEndian: boolean): string {
  const units = new Uint16Array(TypedArrayLength(bytes) >> 1);
  const low = bigEndian ? 1 : 0;
  for (let i = 0; i < TypedArrayLength(units); i++) {
    units[i] = (bytes[2 * i + low] as number) | ((bytes[2 * i + 1 - low] as number) << 8);
  }
  return textOf(units);
}

/** Arguments of one call of fromCharCode: well below what the stack holds. */
const CHUNK = 8192;

export function textOf(units: Uint16Array): string {
  const size = TypedArrayLength(units);
  let text = "";
  for (let at = 0; at < size; at += CHUNK) {
    const chunk = new Uint16Array(TypedArrayBuffer(units), 2 * at, min(CHUNK, size - at));
    text += apply(fromCharCode, undefined, chunk) as string;
  }
  return text;
}

/** How many bytes at the end may be the beginning of a character that goes on in the next chunk. */
export function incompleteTail(encoding: BuiltInEncoding, bytes: Uint8Array): number {
  if (encoding === "windows-1252") return 0;
  if (encoding === "utf-8") return incompleteUtf8Tail(bytes);
  const size = TypedArrayLength(bytes);
  const odd = size % 2;
  const high = bytes[size - odd - (encoding === "utf-16be" ? 2 : 1)];
  return odd + (high !== undefined && high >> 2 === 0xd8 >> 2 ? 2 : 0);
}

function incompleteUtf8Tail(bytes: Uint8Array): number {
  const length = TypedArrayLength(bytes);
  for (let back = 1; back <= 3 && back <= length; back++) {
    const lead = bytes[length - back] as number;
    if ((lead & 0xc0) === 0x80) continue;
    const needed =
      lead >= 0xc2 && lead <= 0xdf
        ? 2
        : lead >> 4 === 0xe
          ? 3
          : lead >= 0xf0 && lead <= 0xf4
            ? 4
            : 1;
    if (needed <= back) return 0;
    return back === 1 || isSecondByte(lead, bytes[length - back + 1] as number) ? back : 0;
  }
  return 0;
}

/** Encoding §8.1.1: some lead bytes narrow what may follow (no overlong forms, no surrogates). */
function isSecondByte(lead: number, byte: number): boolean {
  const low = lead === 0xe0 ? 0xa0 : lead === 0xf0 ? 0x90 : 0x80;
  const high = lead === 0xed ? 0x9f : lead === 0xf4 ? 0x8f : 0xbf;
  return byte >= low && byte <= high;
}
