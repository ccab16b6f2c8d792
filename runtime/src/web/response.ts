// Response (Fetch §5.5), with the platform's `cf`, `webSocket` and `encodeBody`.

import {
  ArrayIncludes,
  isUint8Array,
  RegExpMatches,
  TypedArrayByteLength,
} from "../primordials.js";
import type { CfProperties, FlatHeaders, ResponseEvent } from "../protocol.js";
import { watcher } from "../watch.js";
import {
  Body,
  cloneBody,
  hasImmutableHeaders,
  headerList,
  headersOf,
  initBody,
  initContentType,
  initHeaders,
  NO_HEADERS,
  withTrueLength,
} from "./body.js";
import { extract, type Source } from "./body_source.js";
import { flatFromInit, getFlat, type Headers } from "./headers.js";
import { showAttributes } from "./inspect.js";
import { normalizeUrl } from "./url.js";
import { loadWebSockets } from "./web_sockets.js";
import { defineInterface, requireArguments, toDictionary } from "./webidl.js";

const { RangeError, TypeError } = globalThis;
const { stringify } = JSON;

export interface ResponseInit {
  status: number;
  statusText: string;
  headers: unknown;
  cf: CfProperties;
  encodeBody: string;
  webSocket: object | null;
}

/** What the turn needs to know of a response beside its body. */
export interface ResponseHead {
  readonly status: number;
  readonly statusText: string;
  readonly headers: FlatHeaders;
  /** The body is already in the Content-Encoding that the headers name. */
  readonly encoded: boolean;
  /** What the client is to be connected with. */
  readonly webSocket: object | null;
}

let headOf: (response: Response) => ResponseHead;
let fromEvent: (event: ResponseEvent, source: Source) => Response;

export let isResponse: (value: unknown) => value is Response;

export class Response extends Body {
  #status = 200;
  #statusText = "";
  #url = "";
  #redirected = false;
  #cf: CfProperties = null;
  #encoded = false;
  #webSocket: object | null = null;

  static {
    isResponse = (value): value is Response =>
      typeof value === "object" && value !== null && #status in value;

    headOf = (response) => ({
      status: response.#status,
      statusText: response.#statusText,
      headers: headerList(response),
      encoded: response.#encoded,
      webSocket: response.#webSocket,
    });

    fromEvent = (event, source) => {
      const response = new Response();
      response.#status = event[2];
      response.#statusText = event[3];
      initHeaders(response, event[4], true);
      response.#url = event[5];
      response.#redirected = event[6];
      if (event[9] !== null) {
        response.#webSocket = loadWebSockets().fromGateway(event[9], event[4]);
      }
      initBody(response, source);
      return response;
    };
  }

  constructor(body: unknown = null, init: unknown = undefined) {
    super();
    if (init !== undefined && init !== null) this.#configure(init);
    if (body !== null && body !== undefined) this.#setBody(body);
  }

  static error(): Response {
    const response = new Response();
    response.#status = 0;
    initHeaders(response, NO_HEADERS, true);
    return response;
  }

  static redirect(url: unknown, status: unknown = 302): Response {
    requireArguments("Response.redirect", arguments.length, 1);
    const location = normalUrl(`${url}`);
    const code = toUnsignedShort(status);
    if (!ArrayIncludes(REDIRECT_STATUSES, code)) {
      throw new RangeError(
        `${code} is not a redirect status code. It must be one of: 301, 302, 303, 307, or 308.`,
      );
    }
    const response = new Response();
    response.#status = code;
    initHeaders(response, ["location", location], true);
    return response;
  }

  static json(data: unknown, init: unknown = undefined): Response {
    requireArguments("Response.json", arguments.length, 1);
    const text = stringify(data);
    if (text === undefined) throw new TypeError("The data is not JSON serializable.");
    const response = new Response(null, init);
    response.#setBody(text, "application/json");
    return response;
  }

  get status(): number {
    watcher?.looked(this);
    return this.#status;
  }

  get statusText(): string {
    watcher?.looked(this);
    return this.#statusText;
  }

  get headers(): Headers {
    return headersOf(this);
  }

  get ok(): boolean {
    watcher?.looked(this);
    return this.#status >= 200 && this.#status <= 299;
  }

  get redirected(): boolean {
    watcher?.looked(this);
    return this.#redirected;
  }

  get url(): string {
    watcher?.looked(this);
    return this.#url;
  }

  get type(): "default" | "error" {
    watcher?.looked(this);
    return this.#status === 0 ? "error" : "default";
  }

  get cf(): CfProperties | undefined {
    watcher?.looked(this);
    return this.#cf ?? cacheStatus(headerList(this));
  }

  get webSocket(): object | null {
    watcher?.looked(this);
    return this.#webSocket;
  }

  clone(): Response {
    if (this.#webSocket !== null) {
      throw new TypeError("Cannot clone a response to a WebSocket handshake.");
    }
    const source = cloneBody(this);
    const response = new Response();
    response.#status = this.#status;
    response.#statusText = this.#statusText;
    initHeaders(response, headerList(this), hasImmutableHeaders(this));
    response.#url = this.#url;
    response.#redirected = this.#redirected;
    response.#cf = this.#cf;
    response.#encoded = this.#encoded;
    initBody(response, source);
    return response;
  }

  #configure(init: unknown): void {
    if (isResponse(init)) {
      watcher?.looked(init);
      if (init.#status === 0) throw invalidStatus();
      this.#status = init.#status;
      this.#statusText = init.#statusText;
      initHeaders(this, headerList(init), false);
      this.#cf = init.#cf;
      this.#encoded = init.#encoded;
      this.#webSocket = init.#webSocket;
      return;
    }
    const { cf, encodeBody, headers, status, statusText, webSocket } = toDictionary<ResponseInit>(
      init,
      "The ResponseInit",
    );
    if (webSocket !== undefined && webSocket !== null) {
      if (!loadWebSockets().isWebSocket(webSocket)) {
        throw new TypeError("The ResponseInit's webSocket is not a WebSocket.");
      }
      this.#webSocket = webSocket;
      if (status === undefined || toUnsignedShort(status) !== SWITCHING_PROTOCOLS) {
        throw new RangeError("Responses with a WebSocket must have status code 101.");
      }
      this.#status = SWITCHING_PROTOCOLS;
    } else if (status !== undefined) {
      this.#status = toUnsignedShort(status);
      if (this.#status < 200 || this.#status > 599) throw invalidStatus();
    }
    if (statusText !== undefined) {
      this.#statusText = `${statusText}`;
      if (!RegExpMatches(REASON_PHRASE, this.#statusText))
        throw new TypeError("Invalid statusText");
    }
    if (headers !== undefined) initHeaders(this, flatFromInit(headers), false);
    if (cf !== undefined) this.#cf = cf;
    if (encodeBody !== undefined) {
      if (encodeBody !== "manual" && encodeBody !== "automatic") {
        throw new TypeError(`encodeBody: unexpected value: ${encodeBody}`);
      }
      this.#encoded = encodeBody === "manual";
    }
  }

  /** "Initialize a response" (§5.5), steps 6 and 7. */
  #setBody(body: unknown, type: string | null = null): void {
    const extracted = extract(body);
    const { source } = extracted;
    if (ArrayIncludes(NULL_BODY_STATUSES, this.#status)) {
      // The platform lets an empty body pass for none.
      if (source === "" || (isUint8Array(source) && TypedArrayByteLength(source) === 0)) return;
      throw new TypeError(
        "Response with null body status (101, 204, 205, or 304) cannot have a body.",
      );
    }
    const contentType = type ?? extracted.type;
    if (contentType !== null) initContentType(this, contentType);
    initBody(this, source);
  }
}

defineInterface("Response", Response);
showAttributes(Response, ["status", "statusText", "ok", "headers", "url", "redirected"]);

// --- For the other files of the runtime ----------------------------------------------------------

/** The response to a subrequest; its body has been made from the event by then. */
export function responseFromEvent(event: ResponseEvent, source: Source): Response {
  return fromEvent(event, source);
}

/** Status and headers for the turn, with the length of a body that is a FixedLengthStream's. */
export function responseHead(response: Response): ResponseHead {
  const head = headOf(response);
  const headers = withTrueLength(response, head.headers);
  return headers === head.headers ? head : { ...head, headers };
}

// --- Parts of the constructors -------------------------------------------------------------------

const NULL_BODY_STATUSES = [101, 204, 205, 304];
const SWITCHING_PROTOCOLS = 101;
const REDIRECT_STATUSES = [301, 302, 303, 307, 308];
/** RFC 9112 §4, in Latin-1. */
const REASON_PHRASE = /^[\t\x20-\x7e\x80-\xff]*$/;

/** Web IDL §3.2.4.4. */
function toUnsignedShort(value: unknown): number {
  return (value as number) & 0xffff;
}

function normalUrl(text: string): string {
  const url = normalizeUrl(text);
  if (url === null) throw new TypeError(`Unable to parse URL: ${text}`);
  return url;
}

/** What the gateway's cache did, which is told by a header. */
function cacheStatus(headers: FlatHeaders): CfProperties | undefined {
  const status = getFlat(headers, "cf-cache-status");
  return status === null ? undefined : { cacheStatus: status };
}

function invalidStatus(): RangeError {
  return new RangeError(
    "Responses may only be constructed with status codes in the range 200 to 599, inclusive.",
  );
}
