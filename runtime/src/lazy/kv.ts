// A KV namespace in `env`.
// https://developers.cloudflare.com/kv/api/

import { decodeUtf8, encodeUtf8, isAnyArrayBuffer } from "../engine.js";
import { currentRequest } from "../io.js";
import { listMap, PromiseReject, safeList, TypedArrayByteLength, toArray } from "../primordials.js";
import { toStream } from "../web/body.js";
import { readAll, toBuffer } from "../web/body_source.js";
import { GatewayBody } from "../web/gateway_body.js";
import { isReadableStream } from "../web/streams.js";
import { requireArguments, toUsvString } from "../web/webidl.js";
import { type Given, operate } from "./bindings/operate.js";

const { Error, Map, Number, TypeError } = globalThis;
const { isArray } = Array;
const { isView }: { isView(value: unknown): boolean } = ArrayBuffer;
const { parse, stringify } = JSON;
const { MAX_SAFE_INTEGER } = Number;
const { max, min, trunc } = Math;
const { apply } = Reflect;
const mapSet = Map.prototype.set;

const LARGEST_KEY = 512;

/** Whether there is an entry, its metadata as JSON, and whether it was read from a cache. */
type Found = [found: boolean, metadata: string | null, cacheStatus: string | null];
type FoundOfMany = [text: string, metadata: string | null] | null;
type Listed = [
  keys: [name: string, expiration: number | null, metadata: string | null][],
  cursor: string | null,
];

interface WithMetadata {
  value: unknown;
  metadata: unknown;
  cacheStatus: string | null;
}

let making = false;

export class KvNamespace {
  readonly #binding: string;

  constructor(binding: string) {
    if (!making) throw new TypeError("Illegal constructor");
    this.#binding = binding;
  }

  /** The value of a key, or a Map of those of several; null where there is none. */
  get(key: unknown, options?: unknown): Promise<unknown> {
    return attempt(() => {
      requireArguments("KvNamespace.get", arguments.length, 1);
      if (isArray(key)) return this.#getMany(key, options, false);
      return this.#get(key, options, (found) => found.value);
    });
  }

  /** The same, with what was put beside the value. */
  getWithMetadata(key: unknown, options?: unknown): Promise<unknown> {
    return attempt(() => {
      requireArguments("KvNamespace.getWithMetadata", arguments.length, 1);
      if (isArray(key)) return this.#getMany(key, options, true);
      return this.#get(key, options, (found) => found);
    });
  }

  /** Keeps a value under a key, until it expires. */
  put(key: unknown, value: unknown, options?: unknown): Promise<void> {
    return attempt(() => {
      requireArguments("KvNamespace.put", arguments.length, 2);
      const name = toKey("PUT", key);
      const { expiration, expirationTtl, metadata } = (options ?? {}) as Record<string, unknown>;
      const json = metadata === undefined || metadata === null ? undefined : stringify(metadata);
      const args = [name, toInteger(expiration), toInteger(expirationTtl), json ?? null];
      return operate(this.#binding, "put", args, () => undefined, toContent(value));
    });
  }

  /** Removes a key, if it is there. */
  delete(key: unknown): Promise<void> {
    return attempt(() => {
      requireArguments("KvNamespace.delete", arguments.length, 1);
      return operate(this.#binding, "delete", [toKey("DELETE", key)], () => undefined);
    });
  }

  /** Names of keys, in their order. */
  list(options?: unknown): Promise<unknown> {
    return attempt(() => {
      const { prefix, limit, cursor } = (options ?? {}) as Record<string, unknown>;
      const args = [toText(prefix), toInteger(limit) ?? 0, toText(cursor)];
      return operate(this.#binding, "list", args, toList);
    });
  }

  #get<T>(key: unknown, options: unknown, give: (found: WithMetadata) => T): Promise<T> {
    const name = toKey("GET", key);
    const { type, cacheTtl } = toGetOptions(options);
    return operate(this.#binding, "get", [name, cacheTtl], (found: Found, given) => {
      const { 0: exists, 1: json, 2: cacheStatus } = found;
      if (!exists) return give({ value: null, metadata: null, cacheStatus });
      const metadata = json === null ? null : parse(json);
      return convert(given, type ?? "text", (value) => give({ value, metadata, cacheStatus }));
    });
  }

  #getMany(keys: unknown[], options: unknown, withMetadata: boolean): Promise<unknown> {
    const names = listMap(keys, toUsvString);
    const { type, cacheTtl } = toGetOptions(options);
    if (type !== null && type !== "" && type !== "text" && type !== "json") {
      throw new Error(
        `KV GET_BULK failed: 400 "${type}" is not a valid type. Use "json" or "text"`,
      );
    }
    const args = [toArray(names), cacheTtl];
    return operate(this.#binding, "getMany", args, (all: FoundOfMany[]) => {
      const result = new Map<string, unknown>();
      for (let i = 0; i < all.length; i++) {
        const found = all[i] as FoundOfMany;
        const value = found === null ? null : convertOfMany(found[0], type);
        const json = found?.[1] ?? null;
        const metadata = json === null ? null : parse(json);
        const item = withMetadata && value !== null ? { value, metadata } : value;
        apply(mapSet, result, [names[i], item]);
      }
      return result;
    });
  }
}

/** The object in `env`. */
export function newBinding(binding: string): KvNamespace {
  making = true;
  try {
    return new KvNamespace(binding);
  } finally {
    making = false;
  }
}

/** Everything that is wrong with the arguments is a rejection. */
function attempt<T>(start: () => Promise<T>): Promise<T> {
  try {
    return start();
  } catch (error) {
    return PromiseReject(error);
  }
}

// --- Arguments -----------------------------------------------------------------------------------

function toKey(method: string, key: unknown): string {
  const name = toUsvString(key);
  if (name === "") throw new TypeError("Key name cannot be empty.");
  if (name === "." || name === "..") {
    throw new TypeError(`"${name}" is not allowed as a key name.`);
  }
  const size = name.length > LARGEST_KEY / 3 ? TypedArrayByteLength(encodeUtf8(name)) : 0;
  if (size > LARGEST_KEY) {
    throw new Error(
      `KV ${method} failed: 414 UTF-8 encoded length of ${size} exceeds key length limit of ` +
        `${LARGEST_KEY}.`,
    );
  }
  return name;
}

/** A type, or an object with one. */
function toGetOptions(options: unknown): { type: string | null; cacheTtl: number | null } {
  if (options === undefined || options === null) return { type: null, cacheTtl: null };
  if (typeof options !== "object") return { type: toUsvString(options), cacheTtl: null };
  const { type, cacheTtl } = options as Record<string, unknown>;
  return {
    type: type === undefined ? null : toUsvString(type),
    cacheTtl: toInteger(cacheTtl),
  };
}

function toInteger(value: unknown): number | null {
  if (value === undefined) return null;
  const number = trunc(Number(value)) || 0;
  return max(-MAX_SAFE_INTEGER, min(MAX_SAFE_INTEGER, number));
}

function toText(value: unknown): string {
  return value === undefined || value === null ? "" : toUsvString(value);
}

function toContent(value: unknown): unknown {
  if (typeof value !== "object" || value === null) return toUsvString(value);
  if (isReadableStream(value) || isView(value) || isAnyArrayBuffer(value)) return value;
  throw new TypeError(
    "KV put() accepts only strings, ArrayBuffers, ArrayBufferViews, and ReadableStreams as values.",
  );
}

// --- Results -------------------------------------------------------------------------------------

function convert<T>(given: Given, type: string, give: (value: unknown) => T): T | Promise<T> {
  const content = given ?? encodeUtf8("");
  const read = (make: (bytes: Uint8Array) => unknown): T | Promise<T> => {
    const finish = (bytes: Uint8Array): T => give(make(bytes));
    return content instanceof GatewayBody ? readAll(content, finish) : finish(content);
  };
  switch (type) {
    case "text":
      return read(decodeUtf8);
    case "json":
      return read((bytes) => parse(decodeUtf8(bytes)));
    case "arrayBuffer":
      return read(toBuffer);
    case "stream":
      return give(toStream(content, currentRequest()));
    default:
      if (content instanceof GatewayBody) content.discard();
      throw new TypeError(
        'Unknown response type. Possible types are "text", "arrayBuffer", "json", and "stream".',
      );
  }
}

function convertOfMany(text: string, type: string | null): unknown {
  if (type !== "json") return text;
  try {
    return parse(text);
  } catch {
    throw new Error(
      "KV GET_BULK failed: 400 At least one of the requested keys corresponds to a non-json value",
    );
  }
}

function toList({ 0: keys, 1: cursor }: Listed): unknown {
  const list = safeList<unknown>();
  for (let i = 0; i < keys.length; i++) {
    const { 0: name, 1: expiration, 2: metadata } = keys[i] as Listed[0][number];
    const key: Record<string, unknown> = { name };
    if (expiration !== null) key.expiration = expiration;
    if (metadata !== null) key.metadata = parse(metadata);
    list[i] = key;
  }
  const all = toArray(list);
  return cursor === null
    ? { keys: all, list_complete: true, cacheStatus: null }
    : { keys: all, list_complete: false, cursor, cacheStatus: null };
}
