// The isolate's end of a WebSocket whose other side is out there, under flow control both ways.

import { type AsyncContext, getAsyncContext } from "../../engine.js";
import { enter, onEnd, type RequestContext, send, settlePart } from "../../io.js";
import { ArrayShift, SafeMap, safeList, TypedArrayByteLength } from "../../primordials.js";
import {
  type CloseEvent,
  type GrantEvent,
  MESSAGE_COST,
  type MessageEvent,
  PORT_WINDOW,
} from "../../protocol.js";

/** Bytes taken after which the gateway is told so: not for each message. */
const GRANT_AT = PORT_WINDOW / 4;

/** Who gets what comes in. */
export interface Receiver {
  message(bytes: Uint8Array, text: boolean): void;
  /** Nothing more comes; if it is not clean, nothing goes out either. */
  closed(code: number, reason: string, clean: boolean): void;
}

interface Waiting {
  readonly bytes: Uint8Array;
  readonly text: boolean;
}

const ports = new SafeMap<number, Port>();
let lastPort = 0;

export class Port {
  readonly id: number = ++lastPort;
  readonly #request: RequestContext;
  readonly #receiver: Receiver;
  #context: AsyncContext | undefined = getAsyncContext();
  #credit = PORT_WINDOW;
  readonly #queue: Waiting[] = safeList();
  #buffered = 0;
  #closing: { readonly code: number; readonly reason: string } | null = null;
  #taken = 0;
  #opened = false;
  #closedIn = false;
  #closedOut = false;
  readonly #forget: () => void;

  /** The request stays alive until the port is over, and the port ends with it. */
  constructor(request: RequestContext, receiver: Receiver) {
    this.#request = request;
    this.#receiver = receiver;
    request.pending++;
    ports.set(this.id, this);
    this.#forget = onEnd(request, () => {
      ports.delete(this.id);
    });
  }

  /** Bytes that have not been sent yet. */
  get buffered(): number {
    return this.#buffered;
  }

  /** From now on, messages are taken; in this context. */
  open(): void {
    if (this.#opened || !ports.has(this.id)) return;
    this.#opened = true;
    this.#context = getAsyncContext();
    this.#request.due++;
    send(["grant", this.id, PORT_WINDOW]);
  }

  send(bytes: Uint8Array, text: boolean): void {
    if (this.#closedOut || !ports.has(this.id)) return;
    if (this.#credit > 0 && this.#queue.length === 0) {
      this.#send(bytes, text);
    } else {
      this.#queue[this.#queue.length] = { bytes, text };
      this.#buffered += TypedArrayByteLength(bytes);
    }
  }

  close(code: number, reason: string): void {
    if (this.#closedOut || !ports.has(this.id)) return;
    this.#closing = { code, reason };
    this.#flush();
  }

  deliver(event: MessageEvent | CloseEvent | GrantEvent, bytes: Uint8Array | null): void {
    enter(this.#context);
    switch (event[0]) {
      case "message":
        if (bytes !== null) this.#receiver.message(bytes, event[3]);
        this.#taken += event[2] + MESSAGE_COST;
        if (this.#taken >= GRANT_AT && ports.has(this.id)) {
          send(["grant", this.id, this.#taken]);
          this.#taken = 0;
        }
        break;
      case "grant":
        this.#credit += event[2];
        this.#flush();
        break;
      case "close": {
        const { 2: code, 3: reason, 4: clean } = event;
        this.#closedIn = true;
        if (!clean) this.#closedOut = true;
        this.#receiver.closed(code, reason, clean);
        this.#look();
        break;
      }
    }
  }

  #flush(): void {
    while (this.#credit > 0 && this.#queue.length > 0) {
      const { bytes, text } = ArrayShift(this.#queue);
      this.#buffered -= TypedArrayByteLength(bytes);
      this.#send(bytes, text);
    }
    if (this.#closing !== null && this.#queue.length === 0 && !this.#closedOut) {
      this.#closedOut = true;
      send(["close", this.id, this.#closing.code, this.#closing.reason]);
      this.#look();
    }
  }

  #send(bytes: Uint8Array, text: boolean): void {
    const size = TypedArrayByteLength(bytes);
    this.#credit -= size + MESSAGE_COST;
    send(["message", this.id, size, text], bytes);
  }

  /** Is it over? */
  #look(): void {
    if (!this.#closedIn || !this.#closedOut || !ports.delete(this.id)) return;
    this.#forget();
    if (this.#opened) this.#request.due--;
    settlePart(this.#request);
  }
}

/** An event has come for a port, which may be over. */
export function deliver(
  event: MessageEvent | CloseEvent | GrantEvent,
  bytes: Uint8Array | null,
): void {
  ports.get(event[1])?.deliver(event, bytes);
}
