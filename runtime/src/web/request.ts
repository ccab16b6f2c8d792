// Request (Fetch §5.4).
//
// Where the standard leaves things to a browser (mode, credentials, referrer …) a Request has none
// of it, as on the platform. A signal is passed on as it is, instead of as a signal that follows it:
// the difference is only that `request.signal === signal`.

import type { RequestContext } from "../io.js";
import { RegExpMatches, StringToUpperCase } from "../primordials.js";
import type { CfProperties, FlatHeaders, RequestEvent } from "../protocol.js";
import { type AbortSignal, isAbortSignal, newSignal, signalAbort } from "./abort.js";
import {
  Body,
  cloneBody,
  hasImmutableHeaders,
  headerList,
  headersOf,
  initBody,
  initContentType,
  initHeaders,
  isUsed,
  moveSource,
} from "./body.js";
import { extract, type Source } from "./body_source.js";
import { DOMException } from "./dom_exception.js";
import { GatewayBody } from "./gateway_body.js";
import { flatFromInit, type Headers } from "./headers.js";
import { showAttributes } from "./inspect.js";
import { normalizeUrl } from "./url.js";
import { defineInterface, requireArguments, toDictionary } from "./webidl.js";

const { TypeError } = globalThis;

export interface RequestInit {
  method: string;
  headers: unknown;
  body: unknown;
  redirect: string;
  cache: string;
  integrity: string;
  signal: AbortSignal | null;
  cf: CfProperties;
}

/** What fetch() needs to know of a request beside its body. */
export interface RequestHead {
  readonly method: string;
  readonly url: string;
  readonly headers: FlatHeaders;
  readonly redirect: string;
  readonly cache: string | undefined;
  readonly signal: AbortSignal | null;
  readonly cf: CfProperties;
}

/** The signal of a client's request: made when it is asked for, fires when the client goes away. */
class ClientSignal {
  #signal: AbortSignal | null = null;
  #gone = false;

  get(): AbortSignal {
    if (this.#signal === null) {
      this.#signal = newSignal();
      if (this.#gone) this.fire();
    }
    return this.#signal;
  }

  /** Whether somebody has asked for it and so may wait for it to fire. */
  get awaited(): boolean {
    return this.#signal !== null && !this.#gone;
  }

  fire(): void {
    this.#gone = true;
    if (this.#signal !== null) {
      signalAbort(this.#signal, new DOMException("The client has disconnected.", "AbortError"));
    }
  }
}

/** Makes the constructor leave everything to its caller. */
const blank = Symbol("blank");

let headOf: (request: Request) => RequestHead;
let fromEvent: (event: RequestEvent, bytes: Uint8Array | null, signal: ClientSignal) => Request;

export let isRequest: (value: unknown) => value is Request;

export class Request extends Body {
  #url = "";
  #method = "GET";
  #redirect = "follow";
  #cache: string | undefined;
  /** The signal that fetch() follows. */
  #signal: AbortSignal | null = null;
  /** Only to be seen: a subrequest lives and dies with its request anyway. */
  #clientSignal: ClientSignal | null = null;
  #cf: CfProperties = null;

  static {
    isRequest = (value): value is Request =>
      typeof value === "object" && value !== null && #url in value;

    headOf = (request) => ({
      method: request.#method,
      url: request.#url,
      headers: headerList(request),
      redirect: request.#redirect,
      cache: request.#cache,
      signal: request.#signal,
      cf: request.#cf,
    });

    fromEvent = (event, bytes, signal) => {
      const request = new Request(blank);
      request.#method = event[2];
      request.#url = event[3];
      initHeaders(request, event[4], true);
      // What a Worker passes on is the client's to follow.
      request.#redirect = "manual";
      request.#clientSignal = signal;
      request.#cf = event[7];
      if (bytes !== null) initBody(request, bytes);
      else if (event[6] !== null) initBody(request, new GatewayBody(event[6], null));
      return request;
    };
  }

  constructor(input: unknown, init: unknown = undefined) {
    super();
    if (input === blank) return;
    requireArguments("Request", arguments.length, 1);
    const options = toDictionary<RequestInit>(init, "The RequestInit");
    const { body } = options;
    let source: Source = null;
    if (isRequest(input)) {
      this.#copy(input);
      if (body === undefined || body === null) source = sourceFrom(input);
    } else {
      this.#url = normalUrl(`${input as string}`);
    }
    if (init !== undefined && init !== null) this.#configure(options);

    if (body !== undefined && body !== null) {
      const extracted = extract(body);
      source = extracted.source;
      if (extracted.type !== null) initContentType(this, extracted.type);
    }
    // A client's GET that has a body may be passed on, but none may be made.
    const changed = options.method !== undefined || (body !== undefined && body !== null);
    if (changed && source !== null && (this.#method === "GET" || this.#method === "HEAD")) {
      throw new TypeError("Request with a GET or HEAD method cannot have a body.");
    }
    initBody(this, source);
  }

  get method(): string {
    return this.#method;
  }

  get url(): string {
    return this.#url;
  }

  get headers(): Headers {
    return headersOf(this);
  }

  get redirect(): string {
    return this.#redirect;
  }

  get cache(): string | undefined {
    return this.#cache;
  }

  get signal(): AbortSignal {
    if (this.#signal === null) {
      if (this.#clientSignal !== null) return this.#clientSignal.get();
      this.#signal = newSignal();
    }
    return this.#signal;
  }

  get cf(): CfProperties | undefined {
    return this.#cf ?? undefined;
  }

  /** The platform's: what would answer the request instead of this Worker. There is nothing. */
  get fetcher(): null {
    return null;
  }

  get integrity(): string {
    return "";
  }

  get keepalive(): boolean {
    return false;
  }

  clone(): Request {
    const source = cloneBody(this);
    const request = new Request(blank);
    request.#copy(this);
    initHeaders(request, headerList(this), hasImmutableHeaders(this));
    initBody(request, source);
    return request;
  }

  /** Everything but the body. */
  #copy(other: Request): void {
    this.#url = other.#url;
    this.#method = other.#method;
    initHeaders(this, headerList(other), false);
    this.#redirect = other.#redirect;
    this.#cache = other.#cache;
    this.#signal = other.#signal;
    this.#clientSignal = other.#clientSignal;
    this.#cf = other.#cf;
  }

  #configure(init: Partial<RequestInit>): void {
    const { method, headers, redirect, cache, integrity, signal, cf } = init;
    if (method !== undefined) this.#method = toMethod(method);
    if (headers !== undefined) initHeaders(this, flatFromInit(headers), false);
    if (redirect !== undefined) this.#redirect = toRedirect(redirect);
    if (cache !== undefined) this.#cache = toCache(cache);
    if (integrity !== undefined && `${integrity}` !== "") {
      throw new TypeError(
        "Subrequest integrity checking is not implemented. The integrity option must be either undefined or an empty string.",
      );
    }
    if (isRequest(init)) {
      this.#signal = init.#signal;
      this.#clientSignal = init.#clientSignal;
    } else if (signal !== undefined) {
      if (signal !== null && !isAbortSignal(signal)) {
        throw new TypeError(
          "Incorrect type for the 'signal' field on 'RequestInitializerDict': the provided value is not of type 'AbortSignal'.",
        );
      }
      this.#signal = signal;
      this.#clientSignal = null;
    }
    if (cf !== undefined) {
      if (typeof cf !== "object") {
        throw new TypeError(
          "Incorrect type for the 'cf' field on 'RequestInitializerDict': the provided value is not of type 'object'.",
        );
      }
      this.#cf = cf;
    }
  }
}

defineInterface("Request", Request);
showAttributes(Request, ["method", "url", "headers", "redirect"]);

// --- For the other files of the runtime ----------------------------------------------------------

/** The client's request. Its URL is the gateway's, and is not looked at. */
export function requestFromEvent(
  event: RequestEvent,
  bytes: Uint8Array | null,
  context: RequestContext,
): Request {
  const signal = new ClientSignal();
  context.onAbort = () => signal.fire();
  context.awaitsAbort = () => signal.awaited;
  return fromEvent(event, bytes, signal);
}

export function requestHead(request: Request): RequestHead {
  return headOf(request);
}

// --- Parts of the constructor --------------------------------------------------------------------

function sourceFrom(other: Request): Source {
  if (isUsed(other)) throw new TypeError("Cannot reconstruct a Request with a used body.");
  return moveSource(other);
}

function normalUrl(text: string): string {
  const url = normalizeUrl(text);
  if (url === null) throw new TypeError(`Invalid URL: ${text}`);
  return url;
}

const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
/** Fetch normalises all of these but PATCH; the platform has that too. */
const NORMALISED = /^(?:delete|get|head|options|patch|post|put)$/i;
/** Fetch forbids TRACE as well, which the platform sends. */
const FORBIDDEN = /^(?:connect|track)$/i;

/** Fetch §2.2.1. */
function toMethod(value: unknown): string {
  const method = `${value}`;
  if (!RegExpMatches(TOKEN, method) || RegExpMatches(FORBIDDEN, method)) {
    throw new TypeError(`Invalid HTTP method string: ${method}`);
  }
  return RegExpMatches(NORMALISED, method) ? StringToUpperCase(method) : method;
}

function toRedirect(value: unknown): string {
  const mode = `${value}`;
  if (mode !== "follow" && mode !== "manual" && mode !== "error") {
    throw new TypeError('Invalid redirect value, must be one of "follow", "manual" or "error".');
  }
  return mode;
}

/** The modes that the platform has. */
function toCache(value: unknown): string {
  const mode = `${value}`;
  if (mode !== "no-store" && mode !== "no-cache") {
    throw new TypeError(`Unsupported cache mode: ${mode}`);
  }
  return mode;
}
