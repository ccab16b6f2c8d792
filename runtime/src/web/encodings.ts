// Encoding §4–§12: labels, and the decoders that the engine does not have.

const { String } = globalThis;
const { fromCharCode } = String;

export type NamedEncoding = "utf-8" | "utf-16le" | "utf-16be" | "windows-1252";

/** Encoding §4.2. */
const labels: Record<NamedEncoding, string> = {
  "utf-8": "unicode-1-1-utf-8 unicode11utf8 unicode20utf8 utf-8 utf8 x-unicode20utf8",
  "utf-16le": "csunicode iso-10646-ucs-2 ucs-2 unicode unicodefeff utf-16 utf-16le",
  "utf-16be": "unicodefffe utf-16be",
  "windows-1252":
    "ansi_x3.4-1968 ascii cp1252 cp819 csisolatin1 ibm819 iso-8859-1 iso-ir-100 iso8859-1 " +
    "iso88591 iso_8859-1 iso_8859-1:1987 l1 latin1 us-ascii windows-1252 x-cp1252",
};

const encodings = new Map<string, NamedEncoding>(
  Object.entries(labels).flatMap(([name, text]) =>
    text.split(" ").map((label): [string, NamedEncoding] => [label, name as NamedEncoding]),
  ),
);

/** Encoding §4.2, "get an encoding"; null for what this runtime does not know. */
export function namedEncoding(label: string): NamedEncoding | null {
  const trimmed = label.replace(/^[\t\n\f\r ]+|[\t\n\f\r ]+$/g, "");
  return encodings.get(trimmed.toLowerCase()) ?? null;
}

/** index-windows-1252, 0x80 to 0x9F; every other byte is the code point of its own number. */
const windows1252 =
  "\u20AC\u0081\u201A\u0192\u201E\u2026\u2020\u2021\u02C6\u2030\u0160\u2039\u0152\u008D\u017D\u008F" +
  "\u0090\u2018\u2019\u201C\u201D\u2022\u2013\u2014\u02DC\u2122\u0161\u203A\u0153\u009D\u017E\u0178";

/** Arguments of one call of fromCharCode: well below what the stack holds. */
const CHUNK = 8192;

export function latin1ToString(bytes: Uint8Array): string {
  let text = "";
  for (let at = 0; at < bytes.length; at += CHUNK) {
    text += fromCharCode(...bytes.subarray(at, at + CHUNK));
  }
  return text.replace(/[\x80-\x9f]/g, (byte) => windows1252[byte.charCodeAt(0) - 0x80]!);
}

/** The code units of whole byte pairs; they may hold lone surrogates. */
export function utf16Units(bytes: Uint8Array, bigEndian: boolean): string {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const units: number[] = [];
  let text = "";
  for (let at = 0; at + 1 < bytes.length; at += 2) {
    units.push(view.getUint16(at, !bigEndian));
    if (units.length === CHUNK) {
      text += fromCharCode(...units);
      units.length = 0;
    }
  }
  return text + fromCharCode(...units);
}

/** How many bytes at the end may be the beginning of a character that goes on in the next chunk. */
export function incompleteTail(encoding: NamedEncoding, bytes: Uint8Array): number {
  if (encoding === "windows-1252") return 0;
  if (encoding === "utf-8") return incompleteUtf8Tail(bytes);
  const odd = bytes.length % 2;
  const last = utf16Units(
    bytes.subarray(Math.max(0, bytes.length - odd - 2), bytes.length - odd),
    encoding === "utf-16be",
  );
  const lead = last !== "" && last >= "\ud800" && last <= "\udbff";
  return odd + (lead ? 2 : 0);
}

function incompleteUtf8Tail(bytes: Uint8Array): number {
  const { length } = bytes;
  for (let back = 1; back <= 3 && back <= length; back++) {
    const lead = bytes[length - back]!;
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
    return back === 1 || isSecondByte(lead, bytes[length - back + 1]!) ? back : 0;
  }
  return 0;
}

/** Encoding §8.1.1: some lead bytes narrow what may follow (no overlong forms, no surrogates). */
function isSecondByte(lead: number, byte: number): boolean {
  const low = lead === 0xe0 ? 0xa0 : lead === 0xf0 ? 0x90 : 0x80;
  const high = lead === 0xed ? 0x9f : lead === 0xf4 ? 0x8f : 0xbf;
  return byte >= low && byte <= high;
}
