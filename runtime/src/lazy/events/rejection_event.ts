// HTML §8.1.4.7: PromiseRejectionEvent. As on the platform, only the runtime makes them.

import { Event, type EventInit } from "../../web/events.js";
import { defineInterface } from "../../web/webidl.js";

const { TypeError } = globalThis;

let making = false;

export class PromiseRejectionEvent extends Event {
  readonly #promise: Promise<unknown>;
  readonly #reason: unknown;

  constructor(type: string, promise: Promise<unknown>, reason: unknown) {
    if (!making) throw new TypeError("Illegal constructor");
    super(type, { __proto__: null, cancelable: type === "unhandledrejection" } as EventInit);
    this.#promise = promise;
    this.#reason = reason;
  }

  get promise(): Promise<unknown> {
    return this.#promise;
  }

  get reason(): unknown {
    return this.#reason;
  }
}

defineInterface("PromiseRejectionEvent", PromiseRejectionEvent);

export function newRejectionEvent(
  type: "unhandledrejection" | "rejectionhandled",
  promise: Promise<unknown>,
  reason: unknown,
): PromiseRejectionEvent {
  making = true;
  try {
    return new PromiseRejectionEvent(type, promise, reason);
  } finally {
    making = false;
  }
}
