// URL §6.2 and §5: URLSearchParams and application/x-www-form-urlencoded.

import {
  ArrayFindIndex,
  ArraySome,
  ArraySort,
  listCopy,
  listFilter,
  listMap,
  RegExpMatches,
  replaceString,
  SafeMap,
  StringIncludes,
  StringIndexOf,
  StringSlice,
  StringStartsWith,
  safeList,
  splitString,
  toArray,
} from "../primordials.js";
import { showEntries } from "./inspect.js";
import { urlParser } from "./url_parser.js";
import { defineInterface, definePairIterator, requireArguments, toUsvString } from "./webidl.js";

const { decodeURIComponent, encodeURIComponent, TypeError } = globalThis;
const { apply, getOwnPropertyDescriptor, ownKeys } = Reflect;
const { from } = Array;
const iteratorKey: typeof Symbol.iterator = Symbol.iterator;
const NativeArray = Array;

type Pair = [name: string, value: string];

const iterate = definePairIterator<string, string>("URLSearchParams");

/** The query object of a URL; `update` is told the new query whenever the list changes. */
export let linkedSearchParams: (query: string, update: (query: string) => void) => URLSearchParams;
/** The URL's query was set: the list follows. */
export let resetSearchParams: (params: URLSearchParams, query: string) => void;

export let isURLSearchParams: (value: unknown) => value is URLSearchParams;

let pairsIn: (params: URLSearchParams) => readonly Pair[];

export class URLSearchParams {
  #pairs = safeList<Pair>();
  #update: ((query: string) => void) | null = null;

  static {
    isURLSearchParams = (value): value is URLSearchParams =>
      typeof value === "object" && value !== null && #pairs in value;
    pairsIn = (params) => params.#pairs;
    linkedSearchParams = (query, update) => {
      const params = new URLSearchParams();
      params.#pairs = parseUrlencoded(query);
      params.#update = update;
      return params;
    };
    resetSearchParams = (params, query) => {
      params.#pairs = parseUrlencoded(query);
    };
  }

  constructor(init: unknown = "") {
    if ((typeof init === "object" && init !== null) || typeof init === "function") {
      this.#pairs = pairsOf(init);
    } else {
      const text = toUsvString(init);
      this.#pairs = parseUrlencoded(StringStartsWith(text, "?") ? StringSlice(text, 1) : text);
    }
  }

  get size(): number {
    return this.#pairs.length;
  }

  append(name: string, value: string): void {
    requireArguments("URLSearchParams.append", arguments.length, 2);
    const pair: Pair = [toUsvString(name), toUsvString(value)];
    this.#pairs[this.#pairs.length] = pair;
    this.#changed();
  }

  delete(name: string, value?: string): void {
    requireArguments("URLSearchParams.delete", arguments.length, 1);
    const matches = matcher(name, value);
    this.#pairs = listFilter(this.#pairs, (pair) => !matches(pair));
    this.#changed();
  }

  get(name: string): string | null {
    requireArguments("URLSearchParams.get", arguments.length, 1);
    const wanted = toUsvString(name);
    for (let i = 0; i < this.#pairs.length; i++) {
      const pair = this.#pairs[i] as Pair;
      if (pair[0] === wanted) return pair[1];
    }
    return null;
  }

  getAll(name: string): string[] {
    requireArguments("URLSearchParams.getAll", arguments.length, 1);
    return toArray(listMap(listFilter(this.#pairs, matcher(name, undefined)), (pair) => pair[1]));
  }

  has(name: string, value?: string): boolean {
    requireArguments("URLSearchParams.has", arguments.length, 1);
    return ArraySome(this.#pairs, matcher(name, value));
  }

  set(name: string, value: string): void {
    requireArguments("URLSearchParams.set", arguments.length, 2);
    const pair: Pair = [toUsvString(name), toUsvString(value)];
    const first = ArrayFindIndex(this.#pairs, (other) => other[0] === pair[0]);
    if (first < 0) {
      this.#pairs[this.#pairs.length] = pair;
    } else {
      this.#pairs = listFilter(this.#pairs, (other, at) => at <= first || other[0] !== pair[0]);
      this.#pairs[first] = pair;
    }
    this.#changed();
  }

  sort(): void {
    // By code units, which is how JavaScript compares strings; stable.
    ArraySort(this.#pairs, ({ 0: a }, { 0: b }) => (a < b ? -1 : a > b ? 1 : 0));
    this.#changed();
  }

  forEach(
    callback: (value: string, name: string, params: URLSearchParams) => void,
    thisArg?: unknown,
  ): void {
    requireArguments("URLSearchParams.forEach", arguments.length, 1);
    if (typeof callback !== "function") {
      throw new TypeError("URLSearchParams.forEach: callback is not a function");
    }
    for (let at = 0; at < this.#pairs.length; at++) {
      const { 0: name, 1: value } = this.#pairs[at] as Pair;
      apply(callback, thisArg, [value, name, this]);
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

  declare [Symbol.iterator]: () => IterableIterator<Pair>;

  toString(): string {
    return serializeUrlencoded(this.#pairs);
  }

  #iterate(kind: "keys" | "values" | "entries"): IterableIterator<unknown> {
    void this.#pairs;
    return iterate((index) => this.#pairs[index], kind);
  }

  #changed(): void {
    this.#update?.(serializeUrlencoded(this.#pairs));
  }
}

defineInterface("URLSearchParams", URLSearchParams);
showEntries(URLSearchParams, pairsIn);
Object.defineProperty(URLSearchParams.prototype, Symbol.iterator, {
  value: URLSearchParams.prototype.entries,
  writable: true,
  configurable: true,
});

/** URL §5.1, with the common cases in the engine's own code. */
export function parseUrlencoded(input: string): Pair[] {
  const pairs = safeList<Pair>();
  const parts = splitString(input, "&");
  for (let i = 0; i < parts.length; i++) {
    const part = parts[i] as string;
    if (part === "") continue;
    const equals = StringIndexOf(part, "=");
    const name = decodeComponent(equals < 0 ? part : StringSlice(part, 0, equals));
    const value = equals < 0 ? "" : decodeComponent(StringSlice(part, equals + 1));
    if (name === null || value === null) {
      return listCopy(urlParser().parseUrlencodedString(input));
    }
    pairs[pairs.length] = [name, value];
  }
  return pairs;
}

/** URL §5.2. The pairs are well-formed strings. */
export function serializeUrlencoded(pairs: readonly Pair[]): string {
  let output = "";
  for (let i = 0; i < pairs.length; i++) {
    const { 0: name, 1: value } = pairs[i] as Pair;
    if (output !== "") output += "&";
    output += `${encodeComponent(name)}=${encodeComponent(value)}`;
  }
  return output;
}

/** null where the percent-encoded bytes are not UTF-8 or a percent sign stands for itself. */
function decodeComponent(text: string): string | null {
  const spaced = StringIncludes(text, "+") ? replaceString(text, "+", " ") : text;
  if (!StringIncludes(spaced, "%")) return spaced;
  try {
    return decodeURIComponent(spaced);
  } catch {
    return null;
  }
}

const plain = /^[A-Za-z0-9*._-]*$/;
/** What encodeURIComponent() does otherwise. */
const leftAlone: [from: string, to: string][] = [
  ["%20", "+"],
  ["!", "%21"],
  ["'", "%27"],
  ["(", "%28"],
  [")", "%29"],
  ["~", "%7E"],
];

function encodeComponent(text: string): string {
  if (RegExpMatches(plain, text)) return text;
  let encoded = encodeURIComponent(text);
  for (let i = 0; i < leftAlone.length; i++) {
    const { 0: from, 1: to } = leftAlone[i] as (typeof leftAlone)[0];
    if (StringIncludes(encoded, from)) encoded = replaceString(encoded, from, to);
  }
  return encoded;
}

function matcher(name: string, value: string | undefined): (pair: Pair) => boolean {
  const wantedName = toUsvString(name);
  if (value === undefined) return (pair) => pair[0] === wantedName;
  const wantedValue = toUsvString(value);
  return (pair) => pair[0] === wantedName && pair[1] === wantedValue;
}

/** Web IDL: sequence<sequence<USVString>> or record<USVString, USVString>. */
function pairsOf(init: object): Pair[] {
  const method = (init as Partial<Iterable<unknown>>)[iteratorKey];
  if (method === undefined || method === null) return pairsOfRecord(init);
  const pairs = safeList<Pair>();
  for (const item of init as Iterable<Iterable<unknown>>) {
    if (typeof item !== "object" || item === null) {
      throw new TypeError("URLSearchParams: each item of a sequence must be a name and a value");
    }
    const pair = apply(from, NativeArray, [item, toUsvString]) as string[];
    if (pair.length !== 2) {
      throw new TypeError("URLSearchParams: each item of a sequence must be a name and a value");
    }
    pairs[pairs.length] = pair as Pair;
  }
  return pairs;
}

function pairsOfRecord(init: object): Pair[] {
  const values = new SafeMap<string, string>();
  const keys = ownKeys(init);
  for (let i = 0; i < keys.length; i++) {
    const key = keys[i] as PropertyKey;
    if (!getOwnPropertyDescriptor(init, key)?.enumerable) continue;
    const value = (init as Record<PropertyKey, unknown>)[key];
    values.set(toUsvString(key), toUsvString(value));
  }
  const pairs = safeList<Pair>();
  values.forEach((value, name) => {
    pairs[pairs.length] = [name, value];
  });
  return pairs;
}
