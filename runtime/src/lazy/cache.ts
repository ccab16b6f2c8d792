// The Cache API, as far as the platform has it: what is stored is the gateway's, and how long it
// stays is said by its headers. https://developers.cloudflare.com/workers/runtime-apis/cache/

import { dropOp, newOp, type OpEvent, requireRequest, send } from "../io.js";
import {
  PromiseReject,
  PromiseResolve,
  RegExpMatches,
  StringIndexOf,
  StringSlice,
  StringTrim,
  splitString,
  TypedArrayByteLength,
} from "../primordials.js";
import type { Command } from "../protocol.js";
import { type CommandBody, extractForCommand } from "../web/body.js";
import { toError, toResponse } from "../web/fetch.js";
import { getFlat } from "../web/headers.js";
import { isRequest, Request, type RequestHead, requestHead } from "../web/request.js";
import { isResponse, type Response, responseHead } from "../web/response.js";
import { defineInterface, requireArguments, toDictionary } from "../web/webidl.js";

const internal = Symbol();

interface CacheQueryOptions {
  ignoreMethod: unknown;
}

export class Cache {
  readonly #name: string | null;

  constructor(token: unknown, name: string | null) {
    if (token !== internal) throw new TypeError("Illegal constructor");
    this.#name = name;
  }

  /** A response that is stored and fresh; of a request for a range, that part. */
  match(request: unknown, options: unknown = undefined): Promise<Response | undefined> {
    try {
      requireArguments("Cache.match", arguments.length, 1);
      const name = this.#name;
      const head = toHead(request);
      if (isForeign(head, options)) return PromiseResolve(undefined);
      return perform(
        (id, op) => ["cacheMatch", id, op, name, storedUrl(head), head.headers],
        (event, bytes) => (event[0] === "response" ? toResponse(event, bytes, null) : undefined),
      );
    } catch (error) {
      return PromiseReject(error);
    }
  }

  /** Stores a response, unless its headers forbid it. Resolves when it can be found. */
  put(request: unknown, response: unknown): Promise<void> {
    try {
      requireArguments("Cache.put", arguments.length, 2);
      const name = this.#name;
      const head = toHead(request);
      if (!isResponse(response)) {
        throw new TypeError(
          "Failed to execute 'put' on 'Cache': parameter 2 is not of type 'Response'.",
        );
      }
      if (head.method !== "GET") throw new TypeError("Cannot cache response to non-GET request.");
      const { status, statusText, headers, encoded } = responseHead(response);
      if (status === 206) {
        throw new TypeError("Cannot cache response to a range request (206 Partial Content).");
      }
      if (variesOnAll(getFlat(headers, "vary"))) {
        throw new TypeError("Cannot cache response with 'Vary: *' header.");
      }
      // The platform's: it would be given out to those that did not ask whether it has changed.
      if (status === 304) return PromiseResolve(undefined);
      const url = storedUrl(head);
      requireRequest();
      return performWithBody(response, (id, op, { inline, stream, sink }) => [
        "cachePut",
        id,
        op,
        name,
        url,
        head.headers,
        status,
        statusText,
        headers,
        inline === null ? null : TypedArrayByteLength(inline),
        stream,
        sink,
        encoded,
      ]);
    } catch (error) {
      return PromiseReject(error);
    }
  }

  /** Removes what is stored; whether there was anything. */
  delete(request: unknown, options: unknown = undefined): Promise<boolean> {
    try {
      requireArguments("Cache.delete", arguments.length, 1);
      const name = this.#name;
      const head = toHead(request);
      if (isForeign(head, options)) return PromiseResolve(false);
      return perform(
        (id, op) => ["cacheDelete", id, op, name, storedUrl(head)],
        (event) => event[0] === "cache" && event[2],
      );
    } catch (error) {
      return PromiseReject(error);
    }
  }
}

defineInterface("Cache", Cache);

const defaultCache = new Cache(internal, null);

export class CacheStorage {
  readonly #brand = true;

  constructor(token: unknown) {
    if (token !== internal) throw new TypeError("Illegal constructor");
  }

  /** The cache that is always there. */
  get default(): Cache {
    if (!this.#brand) throw new TypeError("Illegal invocation");
    return defaultCache;
  }

  /** Another one, which is there from its first response on. */
  open(cacheName: unknown): Promise<Cache> {
    try {
      requireArguments("CacheStorage.open", arguments.length, 1);
      if (!this.#brand) throw new TypeError("Illegal invocation");
      const name = `${cacheName}`;
      if (name.length > LONGEST_NAME) throw new TypeError("Cache name is too long.");
      return PromiseResolve(new Cache(internal, name));
    } catch (error) {
      return PromiseReject(error);
    }
  }
}

defineInterface("CacheStorage", CacheStorage);

export const caches: CacheStorage = new CacheStorage(internal);

/** The platform's limit. */
const LONGEST_NAME = 1024;

// --- Parts of the operations ---------------------------------------------------------------------

function toHead(input: unknown): RequestHead {
  return requestHead(isRequest(input) ? input : new Request(input));
}

/** Only responses to GET are stored. */
function isForeign(head: RequestHead, options: unknown): boolean {
  if (head.method === "GET") return false;
  return !toDictionary<CacheQueryOptions>(options, "The CacheQueryOptions").ignoreMethod;
}

/** The URL without its fragment. */
function storedUrl({ url }: RequestHead): string {
  if (!RegExpMatches(/^https?:/, url)) {
    throw new TypeError(`Cache API cannot store: ${url}`);
  }
  const hash = StringIndexOf(url, "#");
  return hash < 0 ? url : StringSlice(url, 0, hash);
}

function variesOnAll(vary: string | null): boolean {
  if (vary === null) return false;
  const names = splitString(vary, ",");
  for (let i = 0; i < names.length; i++) {
    if (StringTrim(names[i] as string) === "*") return true;
  }
  return false;
}

type Convert<T> = (event: OpEvent, bytes: Uint8Array | null) => T;

function perform<T>(
  make: (request: number, op: number) => Command,
  convert: Convert<T>,
): Promise<T> {
  const { id } = requireRequest();
  return new Promise((resolve, reject) => {
    const op = newOp((event, bytes) => {
      if (event[0] === "failure") reject(toError(event));
      else resolve(convert(event, bytes));
    });
    send(make(id, op));
  });
}

function performWithBody(
  response: Response,
  make: (request: number, op: number, body: CommandBody) => Command,
): Promise<void> {
  const { id } = requireRequest();
  return new Promise((resolve, reject) => {
    // Throws for a body that is used. One that breaks later takes the op with it.
    const body = extractForCommand(response, (error) => {
      dropOp(op);
      send(["abort", op]);
      reject(error);
    });
    const op = newOp((event) => {
      if (event[0] === "failure") reject(toError(event));
      else resolve();
    });
    send(make(id, op, body), body.inline ?? undefined);
  });
}
