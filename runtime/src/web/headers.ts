// Headers (Fetch §5.1).
//
// A header list is kept flat (name, value, name, value …, names in lower case), which is how the
// protocol has it: headers that a Worker only passes on are never parsed nor copied, and those that
// it reads are scanned, which is the fastest there is for the dozen entries that a message has.
// Lists are shared between objects and with commands, and copied before the first change.
//
// Of the standard's guards only "immutable" does anything here: the forbidden names of the others
// protect the user of a browser, and a server has to be able to set them.

import {
  ArraySort,
  RegExpMatches,
  SafeMap,
  StringCharCodeAt,
  StringSlice,
  StringToLowerCase,
  safeList,
  toArray,
  uncurryThis,
} from "../primordials.js";
import type { FlatHeaders } from "../protocol.js";
import { showEntries } from "./inspect.js";
import { defineInterface, definePairIterator, requireArguments } from "./webidl.js";

const { TypeError } = globalThis;
const { apply, ownKeys } = Reflect;
const { defineProperty } = Object;
const iterator: typeof Symbol.iterator = Symbol.iterator;
const isEnumerable: (object: object, key: PropertyKey) => boolean = uncurryThis(
  Object.prototype.propertyIsEnumerable,
);

type Pair = [name: string, value: string];

const iterate = definePairIterator<string, string>("Headers");

/** The list of every Headers object that has nothing in it; never changed, as it is shared. */
const NOTHING: FlatHeaders = [];

let make: (flat: FlatHeaders, immutable: boolean) => Headers;
let share: (headers: Headers) => FlatHeaders;
let sorted: (headers: Headers) => Pair[];
let isHeaders: (value: unknown) => value is Headers;

export class Headers {
  #flat: FlatHeaders = NOTHING;
  /** Someone else holds #flat too: it is copied before it is changed. */
  #shared = true;
  #immutable = false;
  /** What iteration sees; null after a change. */
  #sorted: Pair[] | null = null;

  static {
    make = (flat, immutable) => {
      const headers = new Headers();
      headers.#flat = flat;
      headers.#immutable = immutable;
      return headers;
    };
    share = (headers) => {
      headers.#shared = true;
      return headers.#flat;
    };
    sorted = (headers) => {
      headers.#sorted ??= sortAndCombine(headers.#flat);
      return headers.#sorted;
    };
    isHeaders = (value): value is Headers =>
      typeof value === "object" && value !== null && #flat in value;
  }

  constructor(init: unknown = undefined) {
    if (init !== undefined) {
      this.#flat = flatFromInit(init);
      // A list that was just made belongs to this object alone; another's is shared.
      this.#shared = isHeaders(init);
    }
  }

  append(name: string, value: string): void {
    requireArguments("Headers.append", arguments.length, 2);
    const lower = toName(name);
    const bytes = toValue(value);
    const flat = this.#change();
    flat[flat.length] = lower;
    flat[flat.length] = bytes;
  }

  delete(name: string): void {
    requireArguments("Headers.delete", arguments.length, 1);
    removeFrom(this.#change(), toName(name), 0);
  }

  get(name: string): string | null {
    requireArguments("Headers.get", arguments.length, 1);
    return getFlat(this.#flat, toName(name));
  }

  /** The platform's older way to read the values of Set-Cookie. */
  getAll(name: string): string[] {
    requireArguments("Headers.getAll", arguments.length, 1);
    if (toName(name) !== "set-cookie") {
      throw new TypeError('getAll() can only be used with the header name "Set-Cookie".');
    }
    return this.getSetCookie();
  }

  getSetCookie(): string[] {
    const values = safeList<string>();
    const flat = this.#flat;
    for (let i = indexOf(flat, "set-cookie", 0); i >= 0; i = indexOf(flat, "set-cookie", i + 2)) {
      values[values.length] = flat[i + 1] as string;
    }
    return toArray(values);
  }

  has(name: string): boolean {
    requireArguments("Headers.has", arguments.length, 1);
    return indexOf(this.#flat, toName(name), 0) >= 0;
  }

  set(name: string, value: string): void {
    requireArguments("Headers.set", arguments.length, 2);
    const lower = toName(name);
    const bytes = toValue(value);
    const flat = this.#change();
    const first = indexOf(flat, lower, 0);
    if (first < 0) {
      flat[flat.length] = lower;
      flat[flat.length] = bytes;
    } else {
      flat[first + 1] = bytes;
      removeFrom(flat, lower, first + 2);
    }
  }

  forEach(
    callback: (value: string, name: string, parent: Headers) => void,
    thisArgument?: unknown,
  ): void {
    if (typeof callback !== "function") {
      throw new TypeError(
        "Failed to execute 'forEach' on 'Headers': parameter 1 is not of type 'function'.",
      );
    }
    // The list may change under the callback, which then sees the change (Web IDL §3.7.10).
    for (let i = 0; i < sorted(this).length; i++) {
      const { 0: name, 1: value } = sorted(this)[i] as Pair;
      apply(callback, thisArgument, [value, name, this]);
    }
  }

  keys(): IterableIterator<string> {
    return this.#iterate("keys") as IterableIterator<string>;
  }

  values(): IterableIterator<string> {
    return this.#iterate("values") as IterableIterator<string>;
  }

  entries(): IterableIterator<Pair> {
    return this.#iterate("entries") as IterableIterator<Pair>;
  }

  declare [iterator]: () => IterableIterator<Pair>;

  #iterate(kind: "keys" | "values" | "entries"): IterableIterator<unknown> {
    return iterate((index) => sorted(this)[index], kind);
  }

  /** The list, to be changed: this object's own, unless the guard forbids it. */
  #change(): FlatHeaders {
    if (this.#immutable) throw new TypeError("Can't modify immutable headers.");
    if (this.#shared) {
      this.#flat = copyList(this.#flat);
      this.#shared = false;
    }
    this.#sorted = null;
    return this.#flat;
  }
}

defineInterface("Headers", Headers);
showEntries(Headers, (headers) => sorted(headers));
defineProperty(Headers.prototype, iterator, {
  value: Headers.prototype.entries,
  writable: true,
  configurable: true,
});

// --- For the other files of the runtime ----------------------------------------------------------

/** Headers over a list that is valid already and that somebody else may hold too. */
export function headersFromFlat(flat: FlatHeaders, immutable: boolean): Headers {
  return make(flat, immutable);
}

/** The list of `headers`, for a command or for other headers: not to be changed. */
export function flatFromHeaders(headers: Headers): FlatHeaders {
  return share(headers);
}

/** "Fill a Headers object" (Fetch §5.1) as a list; a list of other headers is shared with them. */
export function flatFromInit(init: unknown): FlatHeaders {
  if (isHeaders(init)) return share(init);
  if (typeof init !== "object" && typeof init !== "function") throw notAnInit();
  if (init === null) throw notAnInit();
  const flat: FlatHeaders = safeList();
  if ((init as Iterable<unknown>)[iterator] !== undefined) {
    for (const inner of init as Iterable<unknown>) {
      if (typeof inner !== "object" || inner === null) {
        throw new TypeError("Incorrect type: the provided value is not of type 'Sequence'.");
      }
      const pair = [...(inner as Iterable<unknown>)];
      if (pair.length !== 2) {
        throw new TypeError(
          "To initialize a Headers object from a sequence, each inner sequence must have exactly two elements.",
        );
      }
      flat[flat.length] = toName(pair[0]);
      flat[flat.length] = toValue(pair[1]);
    }
    return flat;
  }
  const keys = ownKeys(init);
  for (let i = 0; i < keys.length; i++) {
    const key = keys[i] as PropertyKey;
    if (!isEnumerable(init, key)) continue;
    const name = toName(key);
    flat[flat.length] = name;
    flat[flat.length] = toValue((init as Record<PropertyKey, unknown>)[key]);
  }
  return flat;
}

/** The combined value (Fetch §2.2.2, "get"); `lower` in lower case. */
export function getFlat(flat: FlatHeaders, lower: string): string | null {
  let i = indexOf(flat, lower, 0);
  if (i < 0) return null;
  let value = flat[i + 1] as string;
  for (i = indexOf(flat, lower, i + 2); i >= 0; i = indexOf(flat, lower, i + 2)) {
    value += `, ${flat[i + 1]}`;
  }
  return value;
}

/** The list with one more entry; the list that was given stays as it is. */
export function withHeader(flat: FlatHeaders, lower: string, value: string): FlatHeaders {
  const longer = copyList(flat);
  longer[longer.length] = lower;
  longer[longer.length] = value;
  return longer;
}

/** The list without the entries of that name; the list that was given stays as it is. */
export function withoutHeader(flat: FlatHeaders, lower: string): FlatHeaders {
  if (indexOf(flat, lower, 0) < 0) return flat;
  const shorter = copyList(flat);
  removeFrom(shorter, lower, 0);
  return shorter;
}

// --- Lists ---------------------------------------------------------------------------------------

function indexOf(flat: FlatHeaders, lower: string, from: number): number {
  for (let i = from; i < flat.length; i += 2) {
    if (flat[i] === lower) return i;
  }
  return -1;
}

function copyList(flat: FlatHeaders): FlatHeaders {
  const copy: FlatHeaders = safeList();
  for (let i = 0; i < flat.length; i++) copy[i] = flat[i] as string;
  return copy;
}

/** Takes the entries called `lower` out, from index `from` on. */
function removeFrom(flat: FlatHeaders, lower: string, from: number): void {
  let end = from;
  for (let i = from; i < flat.length; i += 2) {
    if (flat[i] === lower) continue;
    flat[end] = flat[i] as string;
    flat[end + 1] = flat[i + 1] as string;
    end += 2;
  }
  flat.length = end;
}

/** Fetch §2.2.2, "sort and combine": Set-Cookie is the one name that is not combined. */
function sortAndCombine(flat: FlatHeaders): Pair[] {
  const names = safeList<string>();
  for (let i = 0; i < flat.length; i += 2) {
    if (indexOf(flat, flat[i] as string, 0) === i) names[names.length] = flat[i] as string;
  }
  ArraySort(names, compareCodeUnits);
  const pairs = safeList<Pair>();
  for (let at = 0; at < names.length; at++) {
    const name = names[at] as string;
    if (name !== "set-cookie") {
      pairs[pairs.length] = [name, getFlat(flat, name) as string];
      continue;
    }
    for (let i = indexOf(flat, name, 0); i >= 0; i = indexOf(flat, name, i + 2)) {
      pairs[pairs.length] = [name, flat[i + 1] as string];
    }
  }
  return pairs;
}

// --- Names and values ----------------------------------------------------------------------------

const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
/** What a value may not have, or may not have at its ends. */
const UNUSUAL = /[^\x01-\x09\x0b\x0c\x0e-\xff]|^[\t ]|[\t ]$/;
const WIDE = /[^\0-\xff]/;
const FORBIDDEN = /[\0\n\r]/;

/** Names as Workers write them → lower case: there are few, and checking takes longer. */
const knownNames = new SafeMap<string, string>();
const KNOWN_NAMES_LIMIT = 256;

/** A valid header name (Fetch §2.2.2), in lower case. */
function toName(value: unknown): string {
  const name = typeof value === "string" ? value : `${value as string}`;
  const known = knownNames.get(name);
  if (known !== undefined) return known;
  if (!RegExpMatches(TOKEN, name)) throw new TypeError("Invalid header name.");
  const lower = StringToLowerCase(name);
  if (knownNames.size < KNOWN_NAMES_LIMIT) knownNames.set(name, lower);
  return lower;
}

/** A valid, normalised header value (Fetch §2.2.2). */
function toValue(value: unknown): string {
  const text = typeof value === "string" ? value : `${value as string}`;
  if (!RegExpMatches(UNUSUAL, text)) return text;
  if (RegExpMatches(WIDE, text)) {
    throw new TypeError("Invalid header value: it has characters outside of Latin-1.");
  }
  const normalised = withoutOuterWhitespace(text);
  if (RegExpMatches(FORBIDDEN, normalised)) throw new TypeError("Invalid header value.");
  return normalised;
}

/** Fetch §2.2.2, "normalize". */
function withoutOuterWhitespace(text: string): string {
  let start = 0;
  let end = text.length;
  while (start < end && isWhitespace(StringCharCodeAt(text, start))) start++;
  while (end > start && isWhitespace(StringCharCodeAt(text, end - 1))) end--;
  return StringSlice(text, start, end);
}

function isWhitespace(code: number): boolean {
  return code === 0x20 || code === 0x09 || code === 0x0a || code === 0x0d;
}

function compareCodeUnits(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function notAnInit(): TypeError {
  return new TypeError(
    "Failed to construct 'Headers': constructor parameter 1 is not of type 'Headers or Sequence or object'.",
  );
}
