// multipart/form-data (RFC 7578), as the platform reads and writes it: lines may end with LF alone,
// what stands before the first boundary and after the last is ignored, and quoted names have
// backslash escapes (where browsers percent-encode).

import { encodeUtf8 } from "../../engine.js";
import {
  copyBytes,
  RegExpExec,
  RegExpMatches,
  StringEndsWith,
  StringIndexOf,
  StringSlice,
  StringToLowerCase,
  StringTrim,
  safeList,
  splitString,
  TypedArrayByteLength,
  TypedArrayIndexOf,
  viewBytes,
} from "../../primordials.js";
import { utf8DecodeWithoutBOM } from "../../web/url_utf8.js";
import { bytesOfBlob, concatenate, type File, fileFrom, isBlob } from "./blob.js";

export type Entry = [name: string, value: string | File];

const { min } = Math;

const LF = 0x0a;
const CR = 0x0d;
const DASH = 0x2d;
const MAX_SKIP = 0xffff;

/** Throws a TypeError that says what is wrong. */
export function parseMultipart(body: Uint8Array, boundary: string): Entry[] {
  const entries = safeList<Entry>();
  // The line feed before a boundary belongs to it, but for the first one, which may go without.
  const delimiter = encodeUtf8(`\n--${boundary}`);
  const size = TypedArrayByteLength(delimiter);
  const first = searcher(viewBytes(delimiter, 1))(body, 0);
  const find = searcher(delimiter);
  if (first < 0 || first + size - 1 === TypedArrayByteLength(body)) {
    throw new TypeError("No initial boundary string (or you have a truncated message).");
  }
  let at = afterBoundary(body, first + size - 1);
  while (at !== null) {
    const start = endOfHeaders(body, at);
    const part = readHeaders(utf8DecodeWithoutBOM(viewBytes(body, at, start)));
    const end = find(body, start);
    if (end < 0 || end + size === TypedArrayByteLength(body)) {
      throw new TypeError("No subsequent boundary string after multipart message.");
    }
    const content = viewBytes(body, start, end > start && body[end - 1] === CR ? end - 1 : end);
    entries[entries.length] = [part.name, valueOf(part, content)];
    at = afterBoundary(body, end + size);
  }
  return entries;
}

/** Where the next part begins; null where the boundary was the last one. */
function afterBoundary(body: Uint8Array, at: number): number | null {
  if (body[at] === LF) return at + 1;
  if (body[at] === CR && body[at + 1] === LF) return at + 2;
  if (body[at] === DASH && body[at + 1] === DASH) return null;
  throw new TypeError("Boundary string was not succeeded by CRLF, LF, or '--'.");
}

/** Where a part's content begins, after an empty line. */
function endOfHeaders(body: Uint8Array, from: number): number {
  for (let at = from; ; at++) {
    at = TypedArrayIndexOf(body, LF, at);
    if (at < 0) throw new TypeError("No multipart message header termination found.");
    if (body[at + 1] === LF) return at + 2;
    if (body[at + 1] === CR && body[at + 2] === LF) return at + 3;
  }
}

/** Where `wanted` is next, by Horspool's way: a few times less work than looking at each byte. */
function searcher(wanted: Uint8Array): (body: Uint8Array, from: number) => number {
  const last = TypedArrayByteLength(wanted) - 1;
  /** How far to go on when the last byte of what is compared is this one. */
  const skip = new Uint16Array(256);
  for (let byte = 0; byte < 256; byte++) skip[byte] = min(last + 1, MAX_SKIP);
  for (let i = 0; i < last; i++) skip[wanted[i] as number] = min(last - i, MAX_SKIP);
  return (body, from) => {
    const size = TypedArrayByteLength(body);
    for (let end = from + last; end < size; end += skip[body[end] as number] as number) {
      let left = last;
      while (left >= 0 && body[end - last + left] === wanted[left]) left--;
      if (left < 0) return end - last;
    }
    return -1;
  };
}

// --- A part --------------------------------------------------------------------------------------

interface Part {
  readonly name: string;
  readonly filename: string | null;
  readonly type: string;
}

function valueOf({ filename, type }: Part, content: Uint8Array): string | File {
  // A copy, so that a small file doesn't keep the whole form.
  return filename === null
    ? utf8DecodeWithoutBOM(content)
    : fileFrom(copyBytes(content), filename, type);
}

const FIELD_NAME = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;

function readHeaders(text: string): Part {
  const lines = splitString(StringTrim(text), "\n");
  let disposition: string | null = null;
  let type = "";
  for (let i = 0; i < lines.length; i++) {
    const line = lines[i] as string;
    const colon = StringIndexOf(line, ":");
    const name = StringToLowerCase(StringSlice(line, 0, colon < 0 ? 0 : colon));
    if (!RegExpMatches(FIELD_NAME, name)) throw new TypeError("FormData part had invalid headers.");
    const value = StringTrim(StringSlice(line, colon + 1));
    if (name === "content-disposition") disposition ??= value;
    else if (name === "content-type" && type === "") type = value;
  }
  if (disposition === null) {
    throw new TypeError("No valid Content-Disposition header found in FormData part.");
  }
  return { ...readDisposition(disposition), type };
}

const DISPOSITION = /^[\w-]+/;
/** `; name="value"`, with backslash escapes in the value. */
const PARAMETER = /^\s*;\s*([\w-]+)\s*=\s*"([^"\\]*(?:\\.[^"\\]*)*)"/;

/** What comes after something that is no parameter is not looked at, as on the platform. */
function readDisposition(text: string): { name: string; filename: string | null } {
  const kind = RegExpExec(DISPOSITION, text)?.[0];
  if (kind === undefined) {
    throw new TypeError("Invalid Content-Disposition header found in FormData part.");
  }
  if (kind !== "form-data") {
    throw new TypeError(
      'Content-Disposition header for FormData part must have the value "form-data", possibly ' +
        `followed by parameters. Got: "${kind}"`,
    );
  }
  let name: string | null = null;
  let filename: string | null = null;
  let rest = StringSlice(text, kind.length);
  for (;;) {
    const match = RegExpExec(PARAMETER, rest);
    if (match === null || match[2] === "") break;
    const value = unescape(match[2] as string);
    if (match[1] === "name") name = value;
    else if (match[1] === "filename") filename = value;
    rest = StringSlice(rest, match[0].length);
  }
  if (name === null) {
    throw new TypeError("Content-Disposition header in FormData part is missing a name.");
  }
  return { name, filename };
}

function unescape(text: string): string {
  let result = "";
  let start = 0;
  for (let at = StringIndexOf(text, "\\"); at >= 0; at = StringIndexOf(text, "\\", at + 2)) {
    result += StringSlice(text, start, at);
    start = at + 1;
  }
  return result + StringSlice(text, start);
}

// --- Writing -------------------------------------------------------------------------------------

export function serializeMultipart(entries: readonly Entry[], boundary: string): Uint8Array {
  const parts = safeList<Uint8Array>();
  const add = (text: string): void => {
    parts[parts.length] = encodeUtf8(text);
  };
  for (let i = 0; i < entries.length; i++) {
    const { 0: name, 1: value } = entries[i] as Entry;
    const head = `--${boundary}\r\nContent-Disposition: form-data; name="${quoted(name)}"`;
    if (isBlob(value)) {
      const type = value.type === "" ? "application/octet-stream" : value.type;
      add(`${head}; filename="${quoted(value.name)}"\r\nContent-Type: ${type}\r\n\r\n`);
      parts[parts.length] = bytesOfBlob(value);
      add("\r\n");
    } else {
      add(`${head}\r\n\r\n${value}\r\n`);
    }
  }
  add(`--${boundary}--`);
  return concatenate(parts);
}

const SPECIAL = /["\n\r\\]/;

/** The platform's escapes, and one for CR, which it lets through. */
function quoted(text: string): string {
  if (!RegExpMatches(SPECIAL, text)) return text;
  if (StringEndsWith(text, "\\")) {
    throw new TypeError("Name or filename can't end with backslash");
  }
  let result = "";
  for (let i = 0; i < text.length; i++) {
    const character = text[i] as string;
    if (character === '"') result += "%22";
    else if (character === "\n") result += "%0A";
    else if (character === "\r") result += "%0D";
    else if (character === "\\") result += "\\\\";
    else result += character;
  }
  return result;
}
