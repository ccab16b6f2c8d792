// URL §6.1: the URL class. See url_plain.ts for the fast way to parse, url_parser.ts for the other.

import type { UrlRecord } from "whatwg-url/lib/url-state-machine.js";
import { ObjectHasOwn, StringSlice, StringStartsWith } from "../primordials.js";
import { showAttributes } from "./inspect.js";
import { parseOdd, urlParser } from "./url_parser.js";
import { type PlainUrl, parsePlain, parsePlainPath } from "./url_plain.js";
import {
  linkedSearchParams,
  resetSearchParams,
  type URLSearchParams,
} from "./url_search_params.js";
import { defineInterface, requireArguments, toUsvString } from "./webidl.js";

const { Error, TypeError } = globalThis;

type Offsets = Omit<PlainUrl, "href" | "hostStart">;

export class URL {
  /** Exactly one of these two is there: a record once the URL is out of the ordinary, or changes. */
  #plain: PlainUrl | null;
  #record: UrlRecord | null;
  #params: URLSearchParams | null = null;

  constructor(url: unknown, base?: unknown) {
    requireArguments("URL", arguments.length, 1);
    const parsed = parse(toUsvString(url), base === undefined ? undefined : toUsvString(base));
    if (parsed === null) throw new TypeError("Invalid URL string.");
    if (isPlain(parsed)) {
      this.#plain = parsed;
      this.#record = null;
    } else {
      this.#plain = null;
      this.#record = parsed;
    }
  }

  static parse(url: unknown, base?: unknown): URL | null {
    requireArguments("URL.parse", arguments.length, 1);
    const input = toUsvString(url);
    const baseInput = base === undefined ? undefined : toUsvString(base);
    try {
      return new URL(input, baseInput);
    } catch {
      return null;
    }
  }

  static canParse(url: unknown, base?: unknown): boolean {
    requireArguments("URL.canParse", arguments.length, 1);
    return parse(toUsvString(url), base === undefined ? undefined : toUsvString(base)) !== null;
  }

  /** The platform has no `blob:` URLs, and says so. */
  static createObjectURL(_object: unknown): never {
    throw new Error("URL.createObjectURL() is not implemented");
  }

  static revokeObjectURL(_url: unknown): never {
    throw new Error("URL.revokeObjectURL() is not implemented");
  }

  get href(): string {
    return this.#serialize();
  }

  set href(value: string) {
    const parsed = urlParser().basicURLParse(toUsvString(value));
    if (parsed === null) throw new TypeError("Invalid URL string.");
    this.#plain = null;
    this.#record = parsed;
    this.#queryChanged();
  }

  get origin(): string {
    const plain = this.#plain;
    return plain !== null
      ? StringSlice(plain.href, 0, plain.pathStart)
      : urlParser().serializeURLOrigin(this.#record!);
  }

  get protocol(): string {
    const plain = this.#plain;
    return plain !== null
      ? StringSlice(plain.href, 0, plain.hostStart - 2)
      : `${this.#record!.scheme}:`;
  }

  set protocol(value: string) {
    urlParser().basicURLParse(`${toUsvString(value)}:`, {
      url: this.#mutable(),
      stateOverride: "scheme start",
    });
  }

  get username(): string {
    return this.#plain !== null ? "" : this.#record!.username;
  }

  set username(value: string) {
    const username = toUsvString(value);
    const record = this.#mutable();
    if (!urlParser().cannotHaveAUsernamePasswordPort(record))
      urlParser().setTheUsername(record, username);
  }

  get password(): string {
    return this.#plain !== null ? "" : this.#record!.password;
  }

  set password(value: string) {
    const password = toUsvString(value);
    const record = this.#mutable();
    if (!urlParser().cannotHaveAUsernamePasswordPort(record))
      urlParser().setThePassword(record, password);
  }

  get host(): string {
    const plain = this.#plain;
    if (plain !== null) return StringSlice(plain.href, plain.hostStart, plain.pathStart);
    const { host, port } = this.#record!;
    if (host === null) return "";
    return port === null
      ? urlParser().serializeHost(host)
      : `${urlParser().serializeHost(host)}:${port}`;
  }

  set host(value: string) {
    this.#override(toUsvString(value), "host");
  }

  get hostname(): string {
    const plain = this.#plain;
    if (plain !== null) return StringSlice(plain.href, plain.hostStart, plain.hostEnd);
    const { host } = this.#record!;
    return host === null ? "" : urlParser().serializeHost(host);
  }

  set hostname(value: string) {
    const hostname = toUsvString(value);
    const plain = this.#plain;
    if (plain !== null && this.#splice(plain.hostStart, hostname, plain.hostEnd, "hostEnd")) return;
    this.#override(hostname, "hostname");
  }

  get port(): string {
    const plain = this.#plain;
    if (plain !== null) {
      return plain.hostEnd === plain.pathStart
        ? ""
        : StringSlice(plain.href, plain.hostEnd + 1, plain.pathStart);
    }
    const { port } = this.#record!;
    return port === null ? "" : `${port}`;
  }

  set port(value: string) {
    const port = toUsvString(value);
    const record = this.#mutable();
    if (urlParser().cannotHaveAUsernamePasswordPort(record)) return;
    if (port === "") record.port = null;
    else urlParser().basicURLParse(port, { url: record, stateOverride: "port" });
  }

  get pathname(): string {
    const plain = this.#plain;
    return plain !== null
      ? StringSlice(plain.href, plain.pathStart, plain.queryStart)
      : urlParser().serializePath(this.#record!);
  }

  set pathname(value: string) {
    const path = toUsvString(value);
    const plain = this.#plain;
    if (plain !== null && this.#splice(plain.pathStart, path, plain.queryStart, "queryStart"))
      return;
    const record = this.#mutable();
    if (urlParser().hasAnOpaquePath(record)) return;
    record.path = [];
    urlParser().basicURLParse(path, { url: record, stateOverride: "path start" });
  }

  get search(): string {
    const query = this.#query();
    return query === "" ? "" : `?${query}`;
  }

  set search(value: string) {
    const search = toUsvString(value);
    this.#setQuery(StringStartsWith(search, "?") ? StringSlice(search, 1) : search, search === "");
    this.#queryChanged();
  }

  get searchParams(): URLSearchParams {
    this.#params ??= linkedSearchParams(this.#query(), (query) => {
      this.#setQuery(query, query === "");
    });
    return this.#params;
  }

  get hash(): string {
    const plain = this.#plain;
    if (plain !== null) {
      return plain.fragmentStart + 1 < plain.href.length
        ? StringSlice(plain.href, plain.fragmentStart)
        : "";
    }
    const { fragment } = this.#record!;
    return fragment === null || fragment === "" ? "" : `#${fragment}`;
  }

  set hash(value: string) {
    const fragment = toUsvString(value);
    const record = this.#mutable();
    if (fragment === "") {
      record.fragment = null;
      return;
    }
    record.fragment = "";
    const input = StringStartsWith(fragment, "#") ? StringSlice(fragment, 1) : fragment;
    urlParser().basicURLParse(input, { url: record, stateOverride: "fragment" });
  }

  toString(): string {
    return this.#serialize();
  }

  toJSON(): string {
    return this.#serialize();
  }

  #serialize(): string {
    return this.#plain !== null ? this.#plain.href : urlParser().serializeURL(this.#record!);
  }

  /** The query without its question mark; "" also where there is none. */
  #query(): string {
    const plain = this.#plain;
    return plain !== null
      ? StringSlice(plain.href, plain.queryStart + 1, plain.fragmentStart)
      : (this.#record!.query ?? "");
  }

  /** A query is parsed, which leaves alone what URLSearchParams serialized. */
  #setQuery(query: string, remove: boolean): void {
    const plain = this.#plain;
    const search = remove ? "" : `?${query}`;
    if (
      plain !== null &&
      this.#splice(plain.queryStart, search, plain.fragmentStart, "fragmentStart")
    ) {
      return;
    }
    const record = this.#mutable();
    record.query = remove ? null : "";
    if (!remove) urlParser().basicURLParse(query, { url: record, stateOverride: "query" });
  }

  /** Puts a component in, when what comes out is plain again and the component ends where it did. */
  #splice(start: number, component: string, end: number, ends: keyof Offsets): boolean {
    const { href } = this.#plain!;
    const next = parsePlain(StringSlice(href, 0, start) + component + StringSlice(href, end));
    if (next === null || next[ends] !== start + component.length) return false;
    // An empty path, or a host with its port left over, would have moved the others.
    if (next.href.length !== href.length + component.length - (end - start)) return false;
    this.#plain = next;
    return true;
  }

  #queryChanged(): void {
    if (this.#params !== null) resetSearchParams(this.#params, this.#query());
  }

  #override(input: string, stateOverride: string): void {
    const record = this.#mutable();
    if (!urlParser().hasAnOpaquePath(record))
      urlParser().basicURLParse(input, { url: record, stateOverride });
  }

  #mutable(): UrlRecord {
    if (this.#record === null) {
      this.#record = urlParser().basicURLParse(this.#plain!.href)!;
      this.#plain = null;
    }
    return this.#record;
  }
}

defineInterface("URL", URL);
showAttributes(URL, [
  "href",
  "origin",
  "protocol",
  "username",
  "password",
  "host",
  "hostname",
  "port",
  "pathname",
  "search",
  "searchParams",
  "hash",
]);

/** The serialization of an absolute URL; null where the string is none. */
export function normalizeUrl(text: string): string | null {
  const parsed = parse(toUsvString(text), undefined);
  if (parsed === null) return null;
  return isPlain(parsed) ? parsed.href : urlParser().serializeURL(parsed);
}

function isPlain(parsed: PlainUrl | UrlRecord): parsed is PlainUrl {
  return ObjectHasOwn(parsed, "href");
}

function parse(input: string, base: string | undefined): PlainUrl | UrlRecord | null {
  const plain = base === undefined ? parsePlain(input) : parsePlainPath(input, base);
  return plain ?? parseOdd(input, base);
}
