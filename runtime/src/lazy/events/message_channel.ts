// HTML §9.4: MessageChannel and MessagePort.
//
// As on the platform, both ports are of this isolate and nothing can be transferred; a message comes
// in a microtask, and its source is the port that it has come to.

import { reportException } from "../../errors.js";
import { loadLazy } from "../../lazy.js";
import { ArrayShift, PromiseResolve, PromiseThen, safeList } from "../../primordials.js";
import { defineEventHandlers } from "../../web/event_handlers.js";
import { dispatch, Event, EventTarget } from "../../web/events.js";
import { defineInterface, toDictionary } from "../../web/webidl.js";
import { MessageEvent } from "./message_event.js";

type CloneScript = typeof import("../structured_clone.js");

const { isArray } = Array;

let making = false;
let entangle: (port: MessagePort, other: MessagePort) => void;
let start: (port: MessagePort) => void;

export class MessagePort extends EventTarget {
  #other: MessagePort | null = null;
  #queue = safeList<unknown>();
  #started = false;

  static {
    entangle = (port, other) => {
      port.#other = other;
      other.#other = port;
    };
    start = (port) => {
      if (port.#started) return;
      port.#started = true;
      port.#deliverLater();
    };
  }

  constructor() {
    if (!making) throw new TypeError("Illegal constructor");
    super();
  }

  postMessage(message: unknown, options?: unknown): void {
    const transfer = isArray(options)
      ? options
      : toDictionary<{ transfer: unknown[] }>(options, "MessagePortPostMessageOptions").transfer;
    // The platform's words.
    if (transfer !== undefined && [...transfer].length > 0) {
      throw new Error("Transfer list is not supported");
    }
    const { structuredClone } = loadLazy("structured_clone") as CloneScript;
    const copy = structuredClone(message);
    const target = this.#other;
    if (target === null) return;
    target.#queue[target.#queue.length] = copy;
    target.#deliverLater();
  }

  start(): void {
    start(this);
  }

  close(): void {
    const other = this.#other;
    if (other === null) return;
    this.#other = null;
    other.#other = null;
    PromiseThen(PromiseResolve(undefined), () => {
      dispatch(other, new Event("close"), reportException);
      dispatch(this, new Event("close"), reportException);
    });
  }

  declare onmessage: ((event: MessageEvent) => unknown) | null;

  #deliverLater(): void {
    if (!this.#started || this.#queue.length === 0) return;
    PromiseThen(PromiseResolve(undefined), () => {
      if (this.#queue.length === 0) return;
      const init = { __proto__: null, data: ArrayShift(this.#queue), origin: null, source: this };
      dispatch(this, new MessageEvent("message", init), reportException);
      this.#deliverLater();
    });
  }
}

defineInterface("MessagePort", MessagePort);
defineEventHandlers(MessagePort, ["message"], (port) => start(port as MessagePort));

export class MessageChannel {
  readonly #port1: MessagePort;
  readonly #port2: MessagePort;

  constructor() {
    making = true;
    this.#port1 = new MessagePort();
    this.#port2 = new MessagePort();
    making = false;
    entangle(this.#port1, this.#port2);
  }

  get port1(): MessagePort {
    return this.#port1;
  }

  get port2(): MessagePort {
    return this.#port2;
  }
}

defineInterface("MessageChannel", MessageChannel);
