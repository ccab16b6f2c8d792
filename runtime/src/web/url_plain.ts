// Nearly every Worker parses the URL of its request, and nearly every such URL is already in the
// form that the URL parser would give it. One pass over its characters proves that, and finds the
// components on the way. What is not proven here (null) goes through the URL parser proper; a
// randomized test keeps the two equal.

import { RegExpMatches, StringCharCodeAt, StringSlice, StringStartsWith } from "../primordials.js";

/** An http(s) URL that is its own serialization; components are slices of `href`. */
export interface PlainUrl {
  readonly href: string;
  readonly hostStart: number;
  readonly hostEnd: number;
  readonly pathStart: number;
  /** Where "?" stands; equal to `fragmentStart` when there is no query. */
  readonly queryStart: number;
  /** Where "#" stands; the length of `href` when there is no fragment. */
  readonly fragmentStart: number;
}

const HOST = 1;
const PATH = 2;
const QUERY = 4;
const FRAGMENT = 8;

/** Which components an ASCII character may stand in without being changed (URL §1.3). */
const allowed: readonly number[] = Array.from({ length: 128 }, (_, code) => {
  const character = String.fromCharCode(code);
  if (code <= 0x20 || code === 0x7f) return 0;
  let components = 0;
  if (/[a-z0-9._-]/.test(character)) components |= HOST;
  if (!/["#<>?`{}^\\]/.test(character)) components |= PATH;
  if (!/["#<>']/.test(character)) components |= QUERY;
  if (!/["<>`]/.test(character)) components |= FRAGMENT;
  return components;
});

const dottedDecimal =
  /^(?:25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)(?:\.(?:25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)){3}$/;

const HASH = 0x23;
const PERCENT = 0x25;
const DOT = 0x2e;
const SLASH = 0x2f;
const DIGIT_0 = 0x30;
const DIGIT_2 = 0x32;
const DIGIT_9 = 0x39;
const COLON = 0x3a;
const QUESTION = 0x3f;
const LOWER_A = 0x61;
const LOWER_E = 0x65;
const LOWER_Z = 0x7a;

export function parsePlain(input: string): PlainUrl | null {
  const length = input.length;
  let hostStart: number;
  let defaultPort: number;
  if (StringStartsWith(input, "https://")) {
    hostStart = 8;
    defaultPort = 443;
  } else if (StringStartsWith(input, "http://")) {
    hostStart = 7;
    defaultPort = 80;
  } else {
    return null;
  }

  let at = hostStart;
  let lastLabel = at;
  let code = 0;
  for (; at < length; at++) {
    code = StringCharCodeAt(input, at);
    if (code > 0x7f || (allowed[code]! & HOST) === 0) break;
    if (code === DOT) lastLabel = at + 1;
  }
  const hostEnd = at;
  // A last label that begins with a letter is no number, so the host is no IPv4 address.
  const first = StringCharCodeAt(input, lastLabel);
  if (lastLabel === hostEnd || !(first >= LOWER_A && first <= LOWER_Z)) {
    if (!RegExpMatches(dottedDecimal, StringSlice(input, hostStart, hostEnd))) return null;
  }

  if (at < length && code === COLON) {
    let port = 0;
    for (at++; at < length; at++) {
      code = StringCharCodeAt(input, at);
      if (code < DIGIT_0 || code > DIGIT_9) break;
      port = port * 10 + code - DIGIT_0;
      if (port === 0 || port > 0xffff) return null;
    }
    if (port === 0 || port === defaultPort) return null;
  }

  const pathStart = at;
  if (at === length) {
    const href = `${input}/`;
    return plainUrl(href, hostStart, hostEnd, pathStart, length + 1, length + 1);
  }
  if (code !== SLASH) return null;
  for (; at < length; at++) {
    code = StringCharCodeAt(input, at);
    if (code > 0x7f || (allowed[code]! & PATH) === 0) break;
    if (code === PERCENT) {
      if (isEncodedDot(input, at)) return null;
    } else if (code === DOT && StringCharCodeAt(input, at - 1) === SLASH) {
      if (endsSegment(input, StringCharCodeAt(input, at + 1) === DOT ? at + 2 : at + 1))
        return null;
    }
  }
  const queryStart = at;
  if (at === length) return plainUrl(input, hostStart, hostEnd, pathStart, length, length);

  if (code === QUESTION) {
    for (at++; at < length; at++) {
      code = StringCharCodeAt(input, at);
      if (code > 0x7f || (allowed[code]! & QUERY) === 0) break;
    }
    if (at === length) return plainUrl(input, hostStart, hostEnd, pathStart, queryStart, length);
  }
  const fragmentStart = at;
  if (code !== HASH) return null;
  for (at++; at < length; at++) {
    code = StringCharCodeAt(input, at);
    if (code > 0x7f || (allowed[code]! & FRAGMENT) === 0) return null;
  }
  return plainUrl(input, hostStart, hostEnd, pathStart, queryStart, fragmentStart);
}

/** The same for the commonest relative reference, an absolute path: `new URL("/a", request.url)`. */
export function parsePlainPath(input: string, base: string): PlainUrl | null {
  if (StringCharCodeAt(input, 0) !== SLASH || StringCharCodeAt(input, 1) === SLASH) return null;
  const plain = parsePlain(base);
  return plain && parsePlain(StringSlice(plain.href, 0, plain.pathStart) + input);
}

function plainUrl(
  href: string,
  hostStart: number,
  hostEnd: number,
  pathStart: number,
  queryStart: number,
  fragmentStart: number,
): PlainUrl {
  return { href, hostStart, hostEnd, pathStart, queryStart, fragmentStart };
}

function isEncodedDot(input: string, at: number): boolean {
  return (
    StringCharCodeAt(input, at + 1) === DIGIT_2 &&
    (StringCharCodeAt(input, at + 2) | 0x20) === LOWER_E
  );
}

function endsSegment(input: string, at: number): boolean {
  if (at >= input.length) return true;
  const code = StringCharCodeAt(input, at);
  return code === SLASH || code === QUESTION || code === HASH;
}
