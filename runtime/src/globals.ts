// The global scope that Workers see.
// Names and kinds as in https://developers.cloudflare.com/workers/runtime-apis/

import { lazyGlobals } from "./lazy.js";
import { AbortController, AbortSignal } from "./web/abort.js";
import { atob, btoa } from "./web/base64.js";
import { Body } from "./web/body.js";
import { console } from "./web/console.js";
import { Crypto, crypto } from "./web/crypto.js";
import { DOMException } from "./web/dom_exception.js";
import { TextDecoder, TextEncoder } from "./web/encoding.js";
import { CustomEvent, Event, EventTarget } from "./web/events.js";
import { fetch } from "./web/fetch.js";
import {
  installGlobalScope,
  ServiceWorkerGlobalScope,
  WorkerGlobalScope,
} from "./web/global_scope.js";
import { Headers } from "./web/headers.js";
import { queueMicrotask } from "./web/microtask.js";
import { Request } from "./web/request.js";
import { Response } from "./web/response.js";
import {
  ByteLengthQueuingStrategy,
  CountQueuingStrategy,
  ReadableByteStreamController,
  ReadableStream,
  ReadableStreamBYOBReader,
  ReadableStreamBYOBRequest,
  ReadableStreamDefaultController,
  ReadableStreamDefaultReader,
  TransformStream,
  TransformStreamDefaultController,
  WritableStream,
  WritableStreamDefaultController,
  WritableStreamDefaultWriter,
} from "./web/streams.js";
import "./web/stream_additions.js";
import { clearInterval, clearTimeout, setInterval, setTimeout } from "./web/timers.js";
import { installErrorEvents, reportError } from "./web/uncaught.js";
import { URL } from "./web/url.js";
import { URLSearchParams } from "./web/url_search_params.js";
import { cloudflare } from "./workers/compatibility.js";
import { ExtendableEvent } from "./workers/extendable_event.js";
import { FetchEvent } from "./workers/fetch_event.js";
import { Fetcher } from "./workers/fetcher.js";
import { Navigator, navigator } from "./workers/navigator.js";
import { scheduler } from "./workers/scheduler.js";

const INTERFACES = {
  AbortController,
  AbortSignal,
  Body,
  ByteLengthQueuingStrategy,
  CountQueuingStrategy,
  Crypto,
  CustomEvent,
  DOMException,
  Event,
  EventTarget,
  ExtendableEvent,
  FetchEvent,
  Fetcher,
  Headers,
  Navigator,
  ReadableByteStreamController,
  ReadableStream,
  ReadableStreamBYOBReader,
  ReadableStreamBYOBRequest,
  ReadableStreamDefaultController,
  ReadableStreamDefaultReader,
  Request,
  Response,
  ServiceWorkerGlobalScope,
  TextDecoder,
  TextEncoder,
  TransformStream,
  TransformStreamDefaultController,
  URL,
  URLSearchParams,
  WorkerGlobalScope,
  WritableStream,
  WritableStreamDefaultController,
  WritableStreamDefaultWriter,
};

const FUNCTIONS = {
  atob,
  btoa,
  clearInterval,
  clearTimeout,
  fetch,
  queueMicrotask,
  reportError,
  setInterval,
  setTimeout,
};

const OBJECTS = { Cloudflare: cloudflare, crypto, navigator, scheduler };

/** Puts it all on the global object: interfaces not enumerable, functions and objects so (Web IDL). */
export function installGlobals(): void {
  define(INTERFACES, false);
  setNames(INTERFACES);
  define(FUNCTIONS, true);
  define(OBJECTS, true);
  define({ console }, false);
  define({ self: globalThis }, true);
  lazyGlobals("cache", ["Cache", "CacheStorage"]);
  lazyGlobals("cache", ["caches"], true);
  lazyGlobals("crypto", ["CryptoKey", "SubtleCrypto"]);
  lazyGlobals("byte_pipes", [
    ...["CompressionStream", "DecompressionStream", "FixedLengthStream", "IdentityTransformStream"],
  ]);
  lazyGlobals("forms", ["Blob", "File", "FormData"]);
  lazyGlobals("websocket", ["WebSocket", "WebSocketPair", "WebSocketRequestResponsePair"]);
  lazyGlobals("structured_clone", ["structuredClone"], true);
  lazyGlobals("text_streams", ["TextDecoderStream", "TextEncoderStream"]);
  lazyGlobals("html_rewriter", ["HTMLRewriter"]);
  lazyGlobals("events", [
    ...["CloseEvent", "ErrorEvent", "MessageChannel", "MessageEvent", "MessagePort"],
    ...["PromiseRejectionEvent", "ScheduledEvent", "TailEvent", "TraceEvent"],
  ]);
  lazyGlobals("event_source", ["EventSource"]);
  lazyGlobals("performance", ["Performance"]);
  lazyGlobals("performance", ["performance"], true);
  lazyGlobals("performance_entries", [
    ...["PerformanceEntry", "PerformanceMark", "PerformanceMeasure", "PerformanceObserver"],
    ...["PerformanceObserverEntryList", "PerformanceResourceTiming"],
  ]);
  lazyGlobals("url_pattern", ["URLPattern"]);
  installGlobalScope();
  installErrorEvents();
}

function define(values: Record<string, unknown>, enumerable: boolean): void {
  for (const [name, value] of Object.entries(values)) {
    Object.defineProperty(globalThis, name, {
      value,
      enumerable,
      writable: true,
      configurable: true,
    });
  }
}

/** web-streams-polyfill comes with short names for its classes, and Workers see them. */
function setNames(classes: Record<string, unknown>): void {
  for (const [name, value] of Object.entries(classes)) {
    Object.defineProperty(value, "name", { value: name });
  }
}
