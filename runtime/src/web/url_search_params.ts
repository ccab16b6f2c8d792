// URL §6.2 and §5: URLSearchParams and application/x-www-form-urlencoded.

import { parseUrlencodedString } from "whatwg-url/lib/urlencoded.js";
import { showEntries } from "./inspect.js";
import { defineInterface, definePairIterator, requireArguments, toUsvString } from "./webidl.js";

const { decodeURIComponent, encodeURIComponent, Array, TypeError } = globalThis;

type Pair = [name: string, value: string];

const iterate = definePairIterator<string, string>("URLSearchParams");

/** The query object of a URL; `update` is told the new query whenever the list changes. */
export let linkedSearchParams: (query: string, update: (query: string) => void) => URLSearchParams;
/** The URL's query was set: the list follows. */
export let resetSearchParams: (params: URLSearchParams, query: string) => void;

export let isURLSearchParams: (value: unknown) => value is URLSearchParams;

let pairsIn: (params: URLSearchParams) => readonly Pair[];

export class URLSearchParams {
  #pairs: Pair[] = [];
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
      this.#pairs = parseUrlencoded(text.startsWith("?") ? text.slice(1) : text);
    }
  }

  get size(): number {
    return this.#pairs.length;
  }

  append(name: string, value: string): void {
    requireArguments("URLSearchParams.append", arguments.length, 2);
    this.#pairs.push([toUsvString(name), toUsvString(value)]);
    this.#changed();
  }

  delete(name: string, value?: string): void {
    requireArguments("URLSearchParams.delete", arguments.length, 1);
    const matches = matcher(name, value);
    this.#pairs = this.#pairs.filter((pair) => !matches(pair));
    this.#changed();
  }

  get(name: string): string | null {
    requireArguments("URLSearchParams.get", arguments.length, 1);
    const wanted = toUsvString(name);
    for (const pair of this.#pairs) {
      if (pair[0] === wanted) return pair[1];
    }
    return null;
  }

  getAll(name: string): string[] {
    requireArguments("URLSearchParams.getAll", arguments.length, 1);
    return this.#pairs.filter(matcher(name, undefined)).map((pair) => pair[1]);
  }

  has(name: string, value?: string): boolean {
    requireArguments("URLSearchParams.has", arguments.length, 1);
    return this.#pairs.some(matcher(name, value));
  }

  set(name: string, value: string): void {
    requireArguments("URLSearchParams.set", arguments.length, 2);
    const pair: Pair = [toUsvString(name), toUsvString(value)];
    const first = this.#pairs.findIndex((other) => other[0] === pair[0]);
    if (first < 0) {
      this.#pairs.push(pair);
    } else {
      this.#pairs = this.#pairs.filter((other, at) => at <= first || other[0] !== pair[0]);
      this.#pairs[first] = pair;
    }
    this.#changed();
  }

  sort(): void {
    // By code units, which is how JavaScript compares strings; stable.
    this.#pairs.sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
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
      const [name, value] = this.#pairs[at]!;
      callback.call(thisArg, value, name, this);
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
  if (input === "") return [];
  const pairs: Pair[] = [];
  for (const part of input.split("&")) {
    if (part === "") continue;
    const equals = part.indexOf("=");
    const name = decodeComponent(equals < 0 ? part : part.slice(0, equals));
    const value = equals < 0 ? "" : decodeComponent(part.slice(equals + 1));
    if (name === null || value === null) return parseUrlencodedString(input);
    pairs.push([name, value]);
  }
  return pairs;
}

/** URL §5.2. The pairs are well-formed strings. */
export function serializeUrlencoded(pairs: readonly Pair[]): string {
  let output = "";
  for (const [name, value] of pairs) {
    if (output !== "") output += "&";
    output += `${encodeComponent(name)}=${encodeComponent(value)}`;
  }
  return output;
}

/** null where the percent-encoded bytes are not UTF-8 or a percent sign stands for itself. */
function decodeComponent(text: string): string | null {
  const spaced = text.includes("+") ? text.replaceAll("+", " ") : text;
  if (!spaced.includes("%")) return spaced;
  try {
    return decodeURIComponent(spaced);
  } catch {
    return null;
  }
}

const plain = /^[A-Za-z0-9*._-]*$/;
const leftAlone: Record<string, string> = {
  "%20": "+",
  "!": "%21",
  "'": "%27",
  "(": "%28",
  ")": "%29",
  "~": "%7E",
};

function encodeComponent(text: string): string {
  if (plain.test(text)) return text;
  return encodeURIComponent(text).replace(/%20|[!'()~]/g, (match) => leftAlone[match]!);
}

function matcher(name: string, value: string | undefined): (pair: Pair) => boolean {
  const wantedName = toUsvString(name);
  if (value === undefined) return (pair) => pair[0] === wantedName;
  const wantedValue = toUsvString(value);
  return (pair) => pair[0] === wantedName && pair[1] === wantedValue;
}

/** Web IDL: sequence<sequence<USVString>> or record<USVString, USVString>. */
function pairsOf(init: object): Pair[] {
  const method = (init as Partial<Iterable<unknown>>)[Symbol.iterator];
  if (method === undefined || method === null) return pairsOfRecord(init);
  const pairs: Pair[] = [];
  for (const item of init as Iterable<Iterable<unknown>>) {
    if (typeof item !== "object" || item === null) {
      throw new TypeError("URLSearchParams: each item of a sequence must be a name and a value");
    }
    const pair = Array.from(item, toUsvString);
    if (pair.length !== 2) {
      throw new TypeError("URLSearchParams: each item of a sequence must be a name and a value");
    }
    pairs.push(pair as Pair);
  }
  return pairs;
}

function pairsOfRecord(init: object): Pair[] {
  const pairs = new Map<string, string>();
  for (const key of Reflect.ownKeys(init)) {
    if (!Object.getOwnPropertyDescriptor(init, key)?.enumerable) continue;
    pairs.set(toUsvString(key as string), toUsvString((init as Record<PropertyKey, unknown>)[key]));
  }
  return [...pairs];
}
