// HTML §9.2.2: the EventSource interface. It ends with the request that has made it.

import { reportException } from "../../errors.js";
import { currentRequest } from "../../io.js";
import { loadLazy } from "../../lazy.js";
import { RegExpMatches } from "../../primordials.js";
import { type AbortSignal, newSignal, signalAbort } from "../../web/abort.js";
import { DOMException } from "../../web/dom_exception.js";
import { TextDecoder } from "../../web/encoding.js";
import { defineEventHandlers } from "../../web/event_handlers.js";
import { dispatch, Event, EventTarget } from "../../web/events.js";
import { fetch } from "../../web/fetch.js";
import { getFlat } from "../../web/headers.js";
import { type Response, responseHead } from "../../web/response.js";
import {
  acquireReader,
  cancelReader,
  isReadableStream,
  type ReadableStream,
  type Reader,
  readFrom,
  requireBytes,
} from "../../web/streams.js";
import { startTimer } from "../../web/timers.js";
import { URL } from "../../web/url.js";
import {
  defineConstants,
  defineInterface,
  requireArguments,
  toDictionary,
  toUsvString,
} from "../../web/webidl.js";
import { Fetcher } from "../../workers/fetcher.js";
import { EventStreamParser } from "./parser.js";

const { Error, TypeError } = globalThis;
const { max, min } = Math;

const CONNECTING = 0;
const OPEN = 1;
const CLOSED = 2;

/** Milliseconds between two connections: the platform's, and its bounds for what `retry` says. */
const DEFAULT_RETRY = 2000;
const MIN_RETRY = 1000;
const MAX_RETRY = 10_000;

type Events = typeof import("../events.js");
const { ErrorEvent, MessageEvent } = loadLazy("events") as Events;

interface EventSourceInit {
  withCredentials?: boolean;
  fetcher?: Fetcher;
}

let follow: (source: EventSource, stream: ReadableStream) => void;

const FROM_STREAM = {};

export class EventSource extends EventTarget {
  readonly #url: string;
  readonly #origin: string | null;
  readonly #fetcher: Fetcher | undefined;
  readonly #signal: AbortSignal = newSignal();
  readonly #parser: EventStreamParser;
  #readyState = CONNECTING;
  #retry = DEFAULT_RETRY;
  #reader: Reader | null = null;

  static {
    follow = (source, stream) => {
      source.#readyState = OPEN;
      void source.#follow(stream);
    };
  }

  constructor(url: string | URL, init?: EventSourceInit) {
    requireArguments("EventSource", arguments.length, 1);
    super();
    if (currentRequest() === null) {
      throw new DOMException(
        "An EventSource can only be created within the context of a worker request.",
        "NotSupportedError",
      );
    }
    this.#parser = new EventStreamParser(
      ({ type, data, lastEventId }) => {
        if (this.#readyState === CLOSED) return;
        const details = { __proto__: null, data, lastEventId, origin: this.#origin };
        dispatch(this, new MessageEvent(type, details), reportException);
      },
      (milliseconds) => {
        this.#retry = min(max(milliseconds, MIN_RETRY), MAX_RETRY);
      },
    );
    if ((url as unknown) === FROM_STREAM) {
      this.#url = "";
      this.#origin = null;
      return;
    }
    const { withCredentials, fetcher } = toDictionary<EventSourceInit>(init, "EventSourceInit");
    if (withCredentials) {
      throw new DOMException(
        "The init.withCredentials option is not supported. It must be false or undefined.",
        "NotSupportedError",
      );
    }
    if (fetcher !== undefined && !(fetcher instanceof Fetcher)) {
      throw new TypeError("EventSource: the fetcher option is not a Fetcher");
    }
    const parsed = parseUrl(url);
    this.#url = parsed.href;
    this.#origin = parsed.origin;
    this.#fetcher = fetcher;
    void this.#connect();
  }

  /** The platform's: the events of a stream that has been got in whatever way. */
  static from(stream: unknown): EventSource {
    requireArguments("EventSource.from", arguments.length, 1);
    if (!isReadableStream(stream)) {
      throw new TypeError("EventSource.from: the argument is not a ReadableStream");
    }
    const source = new EventSource(FROM_STREAM as URL);
    follow(source, stream);
    return source;
  }

  get url(): string {
    return this.#url;
  }

  get withCredentials(): boolean {
    return false;
  }

  get readyState(): number {
    return this.#readyState;
  }

  declare onopen: ((event: Event) => unknown) | null;
  declare onmessage: ((event: Event) => unknown) | null;
  declare onerror: ((event: Event) => unknown) | null;

  close(): void {
    if (this.#readyState === CLOSED) return;
    this.#readyState = CLOSED;
    signalAbort(this.#signal);
    if (this.#reader !== null) cancelReader(this.#reader, undefined);
  }

  async #connect(): Promise<void> {
    let response: Response;
    try {
      response = await this.#ask();
    } catch (error) {
      this.#fail(error);
      return;
    }
    const refusal = whyNot(response);
    if (refusal !== null) {
      this.#fail(new DOMException(refusal, "AbortError"));
      return;
    }
    if (this.#readyState === CLOSED) return;
    this.#readyState = OPEN;
    dispatch(this, new Event("open"), reportException);
    const { body } = response;
    if (body !== null) await this.#follow(body);
  }

  #ask(): Promise<Response> {
    const { lastEventId } = this.#parser;
    const headers: Record<string, string> = {
      __proto__: null as never,
      accept: "text/event-stream",
      "cache-control": "no-cache",
    };
    if (lastEventId !== "") headers["last-event-id"] = lastEventId;
    const init = { __proto__: null, headers, signal: this.#signal };
    if (this.#fetcher !== undefined) return this.#fetcher.fetch(this.#url, init);
    return fetch(this.#url, init);
  }

  /** Reads to the end, and then begins anew unless it has been a stream from the outside. */
  async #follow(stream: ReadableStream): Promise<void> {
    const decoder = new TextDecoder();
    try {
      this.#reader = acquireReader(stream);
      while (this.#readyState === OPEN) {
        const { done, value } = await readFrom(this.#reader);
        if (done) break;
        this.#parser.push(decoder.decode(requireBytes(value), { stream: true }));
      }
    } catch {
      // It broke off, which is the same as an end.
    }
    this.#reader = null;
    this.#parser.reset();
    if (this.#readyState === CLOSED) return;
    this.#readyState = this.#url === "" ? CLOSED : CONNECTING;
    this.#tellError(new Error("The server disconnected."));
    if (this.#readyState === CONNECTING) {
      startTimer(this.#retry, () => {
        if (this.#readyState === CONNECTING) void this.#connect();
      });
    }
  }

  #fail(error: unknown): void {
    if (this.#readyState === CLOSED) return;
    this.close();
    this.#tellError(error);
  }

  #tellError(error: unknown): void {
    dispatch(this, new ErrorEvent("error", { __proto__: null, error } as object), reportException);
  }
}

defineInterface("EventSource", EventSource);
defineConstants(EventSource, { CONNECTING, OPEN, CLOSED });
defineEventHandlers(EventSource, ["open", "message", "error"]);

function parseUrl(url: unknown): URL {
  try {
    return new URL(toUsvString(url));
  } catch {
    throw new DOMException(`Cannot open an EventSource to '${url}'.`, "SyntaxError");
  }
}

const EVENT_STREAM = /^text\/event-stream *(?:;|$)/i;

/** HTML §9.2.3, step 15.3: what makes it fail for good. */
function whyNot(response: Response): string | null {
  const { status, headers } = responseHead(response);
  if (status !== 200 && status !== 204) return `The response status code was ${status}.`;
  const type = getFlat(headers, "content-type");
  if (type === null) return "No content type header was present in the response.";
  if (!RegExpMatches(EVENT_STREAM, type)) return `The content type '${type}' is invalid.`;
  return status === 200 ? null : "The response had no content.";
}
