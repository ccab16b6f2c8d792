// URL §4.4 for the commonest http(s) URLs that are not yet what the parser would make of them: relative
// references, capitals in scheme and host, dot segments, characters that have to be encoded. Gives text
// that url_plain.ts then proves to be its own serialization; null leaves it to the URL parser proper,
// which takes ten times as long. A randomized test keeps the two equal.

import {
  NumberToString,
  RegExpExec,
  StringCharCodeAt,
  StringIndexOf,
  StringLastIndexOf,
  StringSlice,
  StringToLowerCase,
  StringToUpperCase,
  safeList,
} from "../primordials.js";
import { parsePlain } from "../web/url_plain.js";

const { encodeURIComponent } = globalThis;

const absolute = /^(https?):\/\/([a-z0-9.-]+(?::[0-9]+)?)(?=[/?#]|$)/i;
const scheme = /^[a-z][a-z0-9+.-]*:/i;
const singleDot = /^(?:\.|%2e)$/i;
const doubleDot = /^(?:\.|%2e){2}$/i;
/** Removed or turned into slashes by the parser: rare. */
const unusual = /[\0-\x1f\\]|^ | $/;

const AFTER_PATH = "?#";

export function tidyUrl(input: string, base: string | undefined): string | null {
  if (RegExpExec(unusual, input) !== null) return null;
  let url = input;
  if (base !== undefined && RegExpExec(scheme, input) === null) {
    const resolved = resolve(input, base);
    if (resolved === null) return null;
    url = resolved;
  }
  const found = RegExpExec(absolute, url);
  if (found === null) return null;
  const rest = StringSlice(url, (found[0] as string).length);
  const pathEnd = firstOf(rest, AFTER_PATH);
  const hash = StringIndexOf(rest, "#");
  const queryEnd = hash < 0 ? rest.length : hash;
  return (
    `${StringToLowerCase(found[1] as string)}://${StringToLowerCase(found[2] as string)}` +
    encode(withoutDots(StringSlice(rest, 0, pathEnd)), '"#<>?^`{} ') +
    encode(StringSlice(rest, pathEnd, queryEnd), "\"#<>' ") +
    (hash < 0 ? "" : `#${encode(StringSlice(rest, hash + 1), '"<>` ')}`)
  );
}

/** An absolute URL from a relative one, dots and all. */
function resolve(input: string, base: string): string | null {
  const plain = parsePlain(base);
  if (plain === null) return null;
  const { href } = plain;
  switch (input === "" ? "" : StringSlice(input, 0, 1)) {
    case "":
      return StringSlice(href, 0, plain.fragmentStart);
    case "#":
      return StringSlice(href, 0, plain.fragmentStart) + input;
    case "?":
      return StringSlice(href, 0, plain.queryStart) + input;
    case "/":
      return StringSlice(input, 0, 2) === "//"
        ? StringSlice(href, 0, plain.hostStart - 2) + input
        : StringSlice(href, 0, plain.pathStart) + input;
    default: {
      const path = StringSlice(href, 0, plain.queryStart);
      return StringSlice(path, 0, StringLastIndexOf(path, "/") + 1) + input;
    }
  }
}

function firstOf(text: string, characters: string): number {
  for (let i = 0; i < text.length; i++) {
    if (StringIndexOf(characters, StringSlice(text, i, i + 1)) >= 0) return i;
  }
  return text.length;
}

/** Takes dot segments out of a path. */
function withoutDots(path: string): string {
  if (StringIndexOf(path, ".") < 0 && StringIndexOf(path, "%2") < 0) return path;
  const segments = safeList<string>();
  for (let start = 1; start <= path.length; ) {
    const slash = StringIndexOf(path, "/", start);
    const last = slash < 0;
    const segment = StringSlice(path, start, last ? path.length : slash);
    const up = RegExpExec(doubleDot, segment) !== null;
    if (up && segments.length > 0) segments.length--;
    if (!up && RegExpExec(singleDot, segment) === null) segments[segments.length] = segment;
    else if (last) segments[segments.length] = "";
    if (last) break;
    start = slash + 1;
  }
  let result = "";
  for (let i = 0; i < segments.length; i++) result += `/${segments[i] as string}`;
  return result;
}

/** Percent-encodes what is not ASCII, and these characters. */
function encode(text: string, characters: string): string {
  let result = "";
  let done = 0;
  for (let i = 0; i < text.length; i++) {
    const code = StringCharCodeAt(text, i);
    if (code < 0x7f && StringIndexOf(characters, StringSlice(text, i, i + 1)) < 0) continue;
    result += StringSlice(text, done, i);
    if (code > 0x7f) {
      const start = i;
      while (StringCharCodeAt(text, i + 1) > 0x7f) i++;
      result += encodeURIComponent(StringSlice(text, start, i + 1));
    } else {
      result += `%${StringToUpperCase(NumberToString(code, 16))}`;
    }
    done = i + 1;
  }
  return done === 0 ? text : result + StringSlice(text, done);
}
