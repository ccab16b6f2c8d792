// Service Workers §4.4: ExtendableEvent, the events that a Worker's handlers are for. As on the
// platform, only the runtime makes them.

import type { RequestContext } from "../io.js";
import { Event, type EventInit } from "../web/events.js";
import { defineInterface } from "../web/webidl.js";
import { waitUntil } from "./execution_context.js";

const { TypeError } = globalThis;

let making = false;

export class ExtendableEvent extends Event {
  readonly #request: RequestContext;

  constructor(type: string, request: RequestContext, init?: EventInit) {
    if (!making) throw new TypeError("Illegal constructor");
    super(type, init);
    this.#request = request;
  }

  /** Keeps the request alive after its response, until `promise` has settled. */
  waitUntil(promise: unknown): void {
    void waitUntil(this.#request, promise);
  }
}

defineInterface("ExtendableEvent", ExtendableEvent);

/** Calls `make`, which constructs one of a class that derives from it. */
export function makeExtendable<E extends ExtendableEvent>(make: () => E): E {
  making = true;
  try {
    return make();
  } finally {
    making = false;
  }
}
