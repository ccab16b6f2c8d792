// MIME types (MIME Sniffing §4), as Content-Type headers (Fetch §2.2.2) and `data:` URLs have them.

import {
  ArraySome,
  RegExpMatches,
  replaceString,
  StringIndexOf,
  StringSlice,
  StringToLowerCase,
  safeList,
} from "../../primordials.js";

export interface MimeType {
  readonly type: string;
  readonly subtype: string;
  readonly parameters: [name: string, value: string][];
}

const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
const QUOTABLE = /^[\t\x20-\x7e\x80-\xff]*$/;

/** MIME Sniffing §4.4; null for what is none. */
export function parseMimeType(input: string): MimeType | null {
  const text = trim(input);
  const slash = StringIndexOf(text, "/");
  const type = StringSlice(text, 0, slash < 0 ? 0 : slash);
  const semicolon = indexOrEnd(text, ";", slash);
  const subtype = trimEnd(StringSlice(text, slash + 1, semicolon));
  if (!RegExpMatches(TOKEN, type) || !RegExpMatches(TOKEN, subtype)) return null;
  return {
    type: StringToLowerCase(type),
    subtype: StringToLowerCase(subtype),
    parameters: parseParameters(text, semicolon),
  };
}

function parseParameters(text: string, from: number): [string, string][] {
  const parameters = safeList<[string, string]>();
  for (let at = from; at < text.length; ) {
    at++;
    while (isWhitespace(text[at])) at++;
    const start = at;
    while (at < text.length && text[at] !== ";" && text[at] !== "=") at++;
    const name = StringToLowerCase(StringSlice(text, start, at));
    if (at >= text.length) break;
    if (text[at] === ";") continue;
    at++;
    let value: string;
    if (text[at] === '"') {
      const string = readQuoted(text, at);
      value = string.value;
      at = indexOrEnd(text, ";", string.end);
    } else {
      const end = indexOrEnd(text, ";", at);
      value = trimEnd(StringSlice(text, at, end));
      at = end;
      if (value === "") continue;
    }
    if (!RegExpMatches(TOKEN, name) || !RegExpMatches(QUOTABLE, value)) continue;
    if (ArraySome(parameters, ({ 0: other }) => other === name)) continue;
    parameters[parameters.length] = [name, value];
  }
  return parameters;
}

/** Fetch §2.2.2, "extract a MIME type": of several, the last one that is valid. */
export function extractMimeType(header: string): MimeType | null {
  let result: MimeType | null = null;
  let charset: string | null = null;
  for (let at = 0; at <= header.length; ) {
    const end = endOfValue(header, at);
    const type = parseMimeType(StringSlice(header, at, end));
    at = end + 1;
    if (type === null || essence(type) === "*/*") continue;
    const own = parameter(type, "charset");
    if (result === null || essence(type) !== essence(result)) charset = own;
    else if (own !== null) charset = own;
    else if (charset !== null) type.parameters[type.parameters.length] = ["charset", charset];
    result = type;
  }
  return result;
}

/** Fetch §2.2.2, "get, decode, and split": commas in quotes are part of a value. */
function endOfValue(header: string, from: number): number {
  let at = from;
  while (at < header.length && header[at] !== ",") {
    at = header[at] === '"' ? readQuoted(header, at).end : at + 1;
  }
  return at;
}

export function essence(type: MimeType): string {
  return `${type.type}/${type.subtype}`;
}

export function parameter(type: MimeType, name: string): string | null {
  for (let i = 0; i < type.parameters.length; i++) {
    const { 0: other, 1: value } = type.parameters[i] as [string, string];
    if (other === name) return value;
  }
  return null;
}

/** MIME Sniffing §4.5. */
export function serializeMimeType(type: MimeType): string {
  let text = essence(type);
  for (let i = 0; i < type.parameters.length; i++) {
    const { 0: name, 1: value } = type.parameters[i] as [string, string];
    const escaped = replaceString(replaceString(value, "\\", "\\\\"), '"', '\\"');
    text += `;${name}=${RegExpMatches(TOKEN, value) ? value : `"${escaped}"`}`;
  }
  return text;
}

/** Fetch §2.2.2, "collect an HTTP quoted string"; `at` is where it opens. */
function readQuoted(text: string, at: number): { value: string; end: number } {
  let value = "";
  let end = at + 1;
  while (end < text.length && text[end] !== '"') {
    // A backslash stands for what follows it, and for itself at the end.
    if (text[end] === "\\" && end + 1 < text.length) end++;
    value += text[end];
    end++;
  }
  return { value, end: end + 1 };
}

function indexOrEnd(text: string, part: string, from: number): number {
  const at = StringIndexOf(text, part, from);
  return at < 0 ? text.length : at;
}

function isWhitespace(character: string | undefined): boolean {
  return character === " " || character === "\t" || character === "\n" || character === "\r";
}

function trim(text: string): string {
  let start = 0;
  while (isWhitespace(text[start])) start++;
  return trimEnd(StringSlice(text, start));
}

function trimEnd(text: string): string {
  let end = text.length;
  while (end > 0 && isWhitespace(text[end - 1])) end--;
  return StringSlice(text, 0, end);
}
