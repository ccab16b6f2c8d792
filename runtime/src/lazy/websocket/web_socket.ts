// WebSocket (https://websockets.spec.whatwg.org/) with the platform's accept(), and WebSocketPair.
// https://developers.cloudflare.com/workers/runtime-apis/websockets/
//
// What one says goes to the other of its pair, or by a port to the other side out there. A pair's
// end that is returned in a response is done with: the other one has its port from then on.

import { decodeUtf8, deserialize, encodeUtf8, isAnyArrayBuffer, serialize } from "../../engine.js";
import {
  currentRequest,
  type RequestContext,
  reportException,
  requireOwner,
  requireRequest,
  send,
} from "../../io.js";
import { loadLazy } from "../../lazy.js";
import {
  ArrayShift,
  bytesOfView,
  copyBytes,
  PromiseResolve,
  PromiseThen,
  safeList,
  TypedArrayBuffer,
  TypedArrayByteLength,
} from "../../primordials.js";
import { loadForms } from "../../web/body_forms.js";
import { DOMException } from "../../web/dom_exception.js";
import { defineEventHandlers } from "../../web/event_handlers.js";
import { dispatch, Event, EventTarget } from "../../web/events.js";
import { getFlat } from "../../web/headers.js";
import { showAttributes } from "../../web/inspect.js";
import type { PassedWebSocket } from "../../web/web_sockets.js";
import {
  defineConstants,
  defineInterface,
  requireArguments,
  toDictionary,
  toUsvString,
} from "../../web/webidl.js";
import { hasFlag } from "../../workers/compatibility.js";
import { type Connecting, connect } from "./connect.js";
import { Port } from "./port.js";

type Events = typeof import("../events.js");

const { Error, TypeError, Uint8Array } = globalThis;
const { isView }: { isView(value: unknown): value is ArrayBufferView } = ArrayBuffer;

const CONNECTING = 0;
const OPEN = 1;
const CLOSING = 2;
const CLOSED = 3;

const NO_STATUS = 1005;
const ABNORMAL = 1006;

/** The platform's limits, in bytes. */
const MAX_MESSAGE = 32 << 20;
const MAX_ATTACHMENT = 16 * 1024;
/** RFC 6455 §5.5: a control frame has 125 bytes, two of which are the code's. */
const MAX_REASON = 123;

/** The platform's name of what belongs to a request. */
const KIND = "WebSocket";

/** What comes in: a message, or where that is null the end. */
interface Item {
  readonly message: string | Uint8Array | null;
  readonly code: number;
  readonly reason: string;
  readonly clean: boolean;
}

const messageItem = (message: string | Uint8Array): Item => ({
  message,
  code: 0,
  reason: "",
  clean: true,
});

const endItem = (code: number, reason: string, clean: boolean): Item => ({
  message: null,
  code,
  reason,
  clean,
});

interface AcceptOptions {
  allowHalfOpen: boolean;
}

let newWebSocket: () => WebSocket;
let newPair: () => [WebSocket, WebSocket];
export let fromGateway: (websocket: number, headers: readonly string[]) => WebSocket;
export let pass: (socket: WebSocket, request: RequestContext) => PassedWebSocket;
export let isWebSocket: (value: unknown) => value is WebSocket;

/** The runtime layer makes one that does not connect. */
let making = false;

export class WebSocket extends EventTarget {
  #url: string | null = null;
  #protocol: string | null = "";
  #extensions: string | null = "";
  #binaryType: "blob" | "arraybuffer" = hasFlag("websocket_standard_binary_type")
    ? "blob"
    : "arraybuffer";
  #attachment: Uint8Array | null = null;
  readonly #owner: RequestContext | null = currentRequest();
  #connecting: Connecting | null = null;
  #accepted = false;
  /** Nothing can be done with it any more: it was returned in a response. */
  #released = false;
  #halfOpen = false;
  #closedIn = false;
  #closedOut = false;
  /** The other side is lost: what is sent goes nowhere. */
  #lost = false;
  #failed = false;
  // The other side is one of these, once it is connected.
  #peer: WebSocket | null = null;
  #held: number | null = null;
  #port: Port | null = null;
  /** What has come and was not delivered yet. */
  readonly #inbox: Item[] = safeList();
  #delivering = false;

  static {
    isWebSocket = (value): value is WebSocket =>
      typeof value === "object" && value !== null && #held in value;
    newWebSocket = () => {
      making = true;
      try {
        return new WebSocket();
      } finally {
        making = false;
      }
    };
    newPair = () => {
      const one = newWebSocket();
      const other = newWebSocket();
      one.#peer = other;
      other.#peer = one;
      return [one, other];
    };
    fromGateway = (websocket, headers) => {
      const socket = newWebSocket();
      socket.#held = websocket;
      socket.#protocol = getFlat(headers as string[], "sec-websocket-protocol") ?? "";
      socket.#extensions = getFlat(headers as string[], "sec-websocket-extensions") ?? "";
      return socket;
    };
    pass = (socket, request) => socket.#pass(request);
  }

  constructor(url?: unknown, protocols?: unknown) {
    super();
    if (making) return;
    requireArguments("WebSocket", arguments.length, 1);
    this.#url = toUsvString(url);
    this.#connecting = connect(requireRequest(), this.#url, protocols, {
      opened: (websocket, headers) => {
        this.#connecting = null;
        this.#held = websocket;
        this.#protocol = getFlat(headers, "sec-websocket-protocol");
        this.#extensions = getFlat(headers, "sec-websocket-extensions");
        this.#start(false);
        this.#tell(new Event("open"));
      },
      failed: (error) => this.#failToConnect(error),
    });
  }

  get url(): string | null {
    return this.#url;
  }

  get protocol(): string | null {
    return this.#protocol;
  }

  get extensions(): string | null {
    return this.#extensions;
  }

  get readyState(): number {
    if ((this.#closedIn && this.#closedOut) || this.#failed) return CLOSED;
    if (this.#closedIn || this.#closedOut) return CLOSING;
    return this.#connecting === null ? OPEN : CONNECTING;
  }

  get bufferedAmount(): number {
    return this.#port?.buffered ?? 0;
  }

  get binaryType(): "blob" | "arraybuffer" {
    return this.#binaryType;
  }

  set binaryType(value: unknown) {
    if (value !== "blob" && value !== "arraybuffer") {
      throw new DOMException(`Invalid binaryType: ${value}`, "SyntaxError");
    }
    this.#binaryType = value;
  }

  /** The platform's: from here on, messages are delivered. */
  accept(options?: AcceptOptions): void {
    requireOwner(this.#owner, KIND);
    if (this.#connecting !== null) {
      throw new TypeError(
        "Websockets obtained from the 'new WebSocket()' constructor cannot call accept",
      );
    }
    if (this.#released) {
      throw new TypeError("Can't accept() WebSocket that was already used in a response.");
    }
    if (this.#accepted) return;
    const { allowHalfOpen } = toDictionary<AcceptOptions>(options, "WebSocketAcceptOptions");
    this.#start(
      allowHalfOpen === undefined ? !hasFlag("web_socket_auto_reply_to_close") : !!allowHalfOpen,
    );
  }

  send(message: unknown): void {
    requireArguments("WebSocket.send", arguments.length, 1);
    requireOwner(this.#owner, KIND);
    const data = toData(message);
    if (this.#connecting !== null) {
      throw new DOMException("The WebSocket is still connecting.", "InvalidStateError");
    }
    if (this.#closedOut) {
      // On the platform a WebSocket that has answered a Close frame is as if it were gone.
      if (this.#closedIn) return;
      throw new TypeError("Can't call WebSocket send() after close().");
    }
    if (this.#lost || this.#released) return;
    this.#requireAccepted();
    if (size(data) > MAX_MESSAGE) {
      throw new TypeError(`A WebSocket message may have ${MAX_MESSAGE} bytes at most.`);
    }
    this.#transmit(messageItem(data));
  }

  close(code?: unknown, reason?: unknown): void {
    requireOwner(this.#owner, KIND);
    const number = code === undefined ? undefined : (code as number) << 0;
    const text = reason === undefined ? "" : toUsvString(reason);
    if (this.#connecting !== null) {
      this.#connecting.cancel();
      PromiseThen(PromiseResolve(undefined), () =>
        this.#failToConnect(new Error("Called close before connection was established.")),
      );
      return;
    }
    if (this.#closedOut || this.#lost || this.#released) return;
    this.#requireAccepted();
    if (number !== undefined && !mayClose(number)) {
      throw new TypeError(`Invalid WebSocket close code: ${number}.`);
    }
    if (reason !== undefined && number === undefined) {
      throw new TypeError("If you specify a WebSocket close reason, you must also specify a code.");
    }
    if (TypedArrayByteLength(encodeUtf8(text)) > MAX_REASON) {
      throw new DOMException(`A close reason may have ${MAX_REASON} bytes at most.`, "SyntaxError");
    }
    this.#close(number ?? NO_STATUS, text);
  }

  /** The platform's: a value that stays with the WebSocket while its Durable Object sleeps. */
  serializeAttachment(attachment: unknown): void {
    requireArguments("WebSocket.serializeAttachment", arguments.length, 1);
    const bytes = serialize(attachment);
    const length = TypedArrayByteLength(bytes);
    if (length > MAX_ATTACHMENT) {
      throw new Error(
        `A WebSocket 'attachment' cannot be larger than ${MAX_ATTACHMENT} bytes. ` +
          `'attachment' was ${length} bytes.`,
      );
    }
    this.#attachment = bytes;
  }

  deserializeAttachment(): unknown {
    return this.#attachment === null ? null : deserialize(this.#attachment);
  }

  // --- What goes out -----------------------------------------------------------------------------

  #requireAccepted(): void {
    if (!this.#accepted) {
      throw new TypeError(
        "You must call one of accept() or state.acceptWebSocket() on this WebSocket before " +
          "sending messages.",
      );
    }
  }

  #close(code: number, reason: string): void {
    this.#closedOut = true;
    this.#transmit(endItem(code, reason, true));
  }

  #transmit(item: Item): void {
    const port = this.#port;
    if (port === null) {
      if (this.#peer !== null) this.#peer.#arrive(item);
    } else if (item.message === null) {
      port.close(item.code, item.reason);
    } else {
      const { message } = item;
      const text = typeof message === "string";
      port.send(text ? encodeUtf8(message) : message, text);
    }
  }

  // --- What comes in -----------------------------------------------------------------------------

  #start(halfOpen: boolean): void {
    this.#accepted = true;
    this.#halfOpen = halfOpen;
    if (this.#held !== null) {
      const request = requireRequest();
      const port = this.#newPort(request);
      send(["accept", request.id, this.#held, port.id]);
      this.#held = null;
    }
    this.#port?.open();
    this.#deliverSoon();
  }

  #newPort(request: RequestContext): Port {
    const port = new Port(request, {
      message: (bytes, text) => this.#now(messageItem(text ? decodeText(bytes) : bytes)),
      closed: (code, reason, clean) => this.#now(endItem(code, reason, clean)),
    });
    this.#port = port;
    return port;
  }

  /** An event of its own has come. */
  #now(item: Item): void {
    if (this.#accepted && this.#inbox.length === 0) this.#deliver(item);
    else this.#arrive(item);
  }

  #arrive(item: Item): void {
    this.#inbox[this.#inbox.length] = item;
    this.#deliverSoon();
  }

  /** Not before whoever sends has come to an end, and one by one. */
  #deliverSoon(): void {
    if (!this.#accepted || this.#delivering || this.#inbox.length === 0) return;
    this.#delivering = true;
    PromiseThen(PromiseResolve(undefined), () => {
      this.#delivering = false;
      if (this.#inbox.length > 0) this.#deliver(ArrayShift(this.#inbox));
      this.#deliverSoon();
    });
  }

  #deliver(item: Item): void {
    if (this.#closedIn) {
      if (!item.clean) this.#lost = true;
      return;
    }
    const { message, code, reason, clean } = item;
    if (message !== null) {
      this.#tellMessage(message);
      return;
    }
    this.#closedIn = true;
    if (clean) {
      if (!this.#halfOpen && !this.#closedOut) this.#close(code, reason);
      this.#tellClosed(code, reason, true);
      return;
    }
    this.#lost = true;
    this.#closedOut = true;
    if (code !== ABNORMAL) this.#tellError(new Error(reason));
    this.#tellClosed(ABNORMAL, code === ABNORMAL ? reason : "", false);
  }

  #failToConnect(error: unknown): void {
    this.#connecting = null;
    this.#closedIn = true;
    this.#lost = true;
    this.#tellError(error);
    this.#tellClosed(ABNORMAL, "Failed to establish websocket connection", false);
  }

  #tell(event: Event): void {
    dispatch(this, event, reportException);
  }

  #tellMessage(data: string | Uint8Array): void {
    const { MessageEvent } = loadLazy("events") as Events;
    let shown: unknown = data;
    if (typeof data !== "string") {
      const blob = this.#binaryType === "blob";
      shown = blob ? loadForms().toBlob(data, null) : TypedArrayBuffer(data);
    }
    this.#tell(new MessageEvent("message", { __proto__: null, data: shown } as never));
  }

  #tellClosed(code: number, reason: string, wasClean: boolean): void {
    const { CloseEvent } = loadLazy("events") as Events;
    this.#tell(new CloseEvent("close", { __proto__: null, code, reason, wasClean } as never));
  }

  #tellError(error: unknown): void {
    this.#failed = true;
    const { ErrorEvent } = loadLazy("events") as Events;
    const message = (error as Error).message;
    this.#tell(new ErrorEvent("error", { __proto__: null, message, error } as never));
  }

  // --- In a response -----------------------------------------------------------------------------

  #pass(request: RequestContext): PassedWebSocket {
    requireOwner(this.#owner, KIND);
    if (this.#url !== null) {
      throw new TypeError(
        "Can't return WebSocket in a Response if it was created with `new WebSocket()`",
      );
    }
    if (this.#released) {
      throw new TypeError("Can't return WebSocket that was already used in a response.");
    }
    if (this.#accepted) {
      throw new TypeError("Can't return WebSocket in a Response after calling accept().");
    }
    this.#released = true;
    const peer = this.#peer;
    if (peer === null) return { websocket: this.#held, port: null, begin: () => {} };
    const port = peer.#newPort(request);
    return {
      websocket: null,
      port: port.id,
      begin: () => {
        while (this.#inbox.length > 0) peer.#transmit(ArrayShift(this.#inbox));
        if (peer.#accepted) port.open();
      },
    };
  }
}

defineInterface("WebSocket", WebSocket);
defineConstants(WebSocket, {
  CONNECTING,
  OPEN,
  CLOSING,
  CLOSED,
  READY_STATE_CONNECTING: CONNECTING,
  READY_STATE_OPEN: OPEN,
  READY_STATE_CLOSING: CLOSING,
  READY_STATE_CLOSED: CLOSED,
});
defineEventHandlers(WebSocket, ["open", "message", "close", "error"]);
showAttributes(WebSocket, ["readyState", "url", "protocol", "extensions", "binaryType"]);

/** Two ends; what is sent on the one comes in on the other. */
export class WebSocketPair {
  0: WebSocket;
  1: WebSocket;

  constructor() {
    const { 0: one, 1: other } = newPair();
    this[0] = one;
    this[1] = other;
  }
}

defineInterface("WebSocketPair", WebSocketPair);

function toData(message: unknown): string | Uint8Array {
  if (isView(message)) return copyBytes(bytesOfView(message));
  if (isAnyArrayBuffer(message)) return copyBytes(new Uint8Array(message));
  return toUsvString(message);
}

function size(data: string | Uint8Array): number {
  // A character has three bytes at most: it need not be counted twice.
  if (typeof data !== "string") return TypedArrayByteLength(data);
  return data.length * 3 > MAX_MESSAGE ? TypedArrayByteLength(encodeUtf8(data)) : data.length;
}

/** The engine would take a byte order mark off. */
function decodeText(bytes: Uint8Array): string {
  const marked = bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf;
  return marked ? `\ufeff${decodeUtf8(bytes)}` : decodeUtf8(bytes);
}

/** RFC 6455 §7.4: codes that a Close frame can have. */
function mayClose(code: number): boolean {
  return (
    code >= 1000 &&
    code < 5000 &&
    code !== 1004 &&
    code !== NO_STATUS &&
    code !== ABNORMAL &&
    code !== 1015
  );
}
