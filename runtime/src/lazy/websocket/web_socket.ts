// WebSocket (https://websockets.spec.whatwg.org/) with the platform's accept(), and WebSocketPair.
// https://developers.cloudflare.com/workers/runtime-apis/websockets/
//
// What one says goes to the other of its pair, or by a port to the other side out there. A pair's
// end that is returned in a response is done with: the other one has its port from then on.

import { type AsyncContext, encodeUtf8, getAsyncContext, setAsyncContext } from "../../engine.js";
import {
  currentRequest,
  type RequestContext,
  requireOwner,
  requireRequest,
  send,
} from "../../io.js";
import { ArrayShift, PromiseResolve, PromiseThen, safeList } from "../../primordials.js";
import { DOMException } from "../../web/dom_exception.js";
import { defineEventHandlers } from "../../web/event_handlers.js";
import { EventTarget } from "../../web/events.js";
import { getFlat } from "../../web/headers.js";
import { showAttributes } from "../../web/inspect.js";
import { messageLimit, type PassedWebSocket } from "../../web/web_sockets.js";
import {
  defineConstants,
  defineInterface,
  requireArguments,
  toDictionary,
  toUsvString,
} from "../../web/webidl.js";
import { hasFlag } from "../../workers/compatibility.js";
import { fromAttachment, toAttachment } from "./attachment.js";
import { type Connecting, connect } from "./connect.js";
import {
  ABNORMAL,
  decodeText,
  endItem,
  type Item,
  isLarger,
  messageItem,
  NO_STATUS,
  requireEnd,
  toData,
} from "./messages.js";
import { Port } from "./port.js";
import { type BinaryType, tellClosed, tellError, tellMessage, tellOpen } from "./tell.js";

const { Error, TypeError } = globalThis;

const CONNECTING = 0;
const OPEN = 1;
const CLOSING = 2;
const CLOSED = 3;

/** The platform's name of what belongs to a request. */
const KIND = "WebSocket";

interface AcceptOptions {
  allowHalfOpen: boolean;
}

let newWebSocket: () => WebSocket;
export let newPair: () => [WebSocket, WebSocket];
export let fromGateway: (websocket: number, headers: readonly string[]) => WebSocket;
export let pass: (socket: WebSocket, request: RequestContext) => PassedWebSocket;
export let isWebSocket: (value: unknown) => value is WebSocket;

/** The runtime layer makes one that does not connect. */
let making = false;

export class WebSocket extends EventTarget {
  #url: string | null = null;
  #protocol: string | null = "";
  #extensions: string | null = "";
  #binaryType: BinaryType = hasFlag("websocket_standard_binary_type") ? "blob" : "arraybuffer";
  #attachment: Uint8Array | null = null;
  readonly #owner: RequestContext | null = currentRequest();
  #connecting: Connecting | null = null;
  #accepted = false;
  /** That of accept(): what is heard is heard in it. */
  #context: AsyncContext | undefined;
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
        tellOpen(this);
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

  get binaryType(): BinaryType {
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
    if (isLarger(data, messageLimit())) {
      throw new TypeError(`A WebSocket message may have ${messageLimit()} bytes at most.`);
    }
    this.#transmit(messageItem(data));
  }

  close(code?: unknown, reason?: unknown): void {
    requireOwner(this.#owner, KIND);
    const number = code === undefined ? null : (code as number) << 0;
    const text = reason === undefined ? null : toUsvString(reason);
    if (this.#connecting !== null) {
      this.#connecting.cancel();
      PromiseThen(PromiseResolve(undefined), () =>
        this.#failToConnect(new Error("Called close before connection was established.")),
      );
      return;
    }
    if (this.#closedOut || this.#lost || this.#released) return;
    this.#requireAccepted();
    requireEnd(number, text);
    this.#close(number ?? NO_STATUS, text ?? "");
  }

  /** The platform's: a value that stays with the WebSocket while its Durable Object sleeps. */
  serializeAttachment(attachment: unknown): void {
    requireArguments("WebSocket.serializeAttachment", arguments.length, 1);
    this.#attachment = toAttachment(attachment);
  }

  deserializeAttachment(): unknown {
    return fromAttachment(this.#attachment);
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
    this.#context = getAsyncContext();
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
      const sender = getAsyncContext();
      setAsyncContext(this.#context);
      if (this.#inbox.length > 0) this.#deliver(ArrayShift(this.#inbox));
      setAsyncContext(sender);
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
      tellMessage(this, message, this.#binaryType);
      return;
    }
    this.#closedIn = true;
    if (clean) {
      if (!this.#halfOpen && !this.#closedOut) this.#close(code, reason);
      tellClosed(this, code, reason, true);
      return;
    }
    this.#lost = true;
    this.#closedOut = true;
    if (code !== ABNORMAL) {
      this.#failed = true;
      tellError(this, new Error(reason));
    }
    tellClosed(this, ABNORMAL, code === ABNORMAL ? reason : "", false);
  }

  #failToConnect(error: unknown): void {
    this.#connecting = null;
    this.#closedIn = true;
    this.#lost = true;
    this.#failed = true;
    tellError(this, error);
    tellClosed(this, ABNORMAL, "Failed to establish websocket connection", false);
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
