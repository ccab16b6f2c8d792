// The classic form of a Worker: addEventListener("fetch", event => event.respondWith(…)).
// Service Workers §4.6 (FetchEvent), with the platform's additions.

import { type RequestContext, reportException } from "../io.js";
import { SafeWeakMap, safeList } from "../primordials.js";
import { dispatch, Event, type EventTarget } from "../web/events.js";
import type { Request } from "../web/request.js";
import { defineInterface } from "../web/webidl.js";
import { waitUntil } from "./execution_context.js";

const states = new SafeWeakMap<
  FetchEvent,
  { request: RequestContext; response: unknown; answered: boolean }
>();

export class FetchEvent extends Event {
  readonly #request: Request;

  constructor(type: string, init: { request: Request }) {
    super(type, { cancelable: true });
    this.#request = init.request;
  }

  get request(): Request {
    return this.#request;
  }

  respondWith(response: unknown): void {
    const state = stateOf(this);
    if (state.answered)
      throw new TypeError(
        "FetchEvent.respondWith() has already been called; it can only be called once.",
      );
    state.answered = true;
    state.response = response;
    this.stopImmediatePropagation();
  }

  waitUntil(promise: unknown): void {
    void waitUntil(stateOf(this).request, promise);
  }

  passThroughOnException(): void {
    stateOf(this).request.passThrough = true;
  }
}

defineInterface("FetchEvent", FetchEvent);

function stateOf(event: FetchEvent): {
  request: RequestContext;
  response: unknown;
  answered: boolean;
} {
  const state = states.get(event);
  if (state === undefined)
    throw new TypeError("This FetchEvent was not dispatched by the runtime.");
  return state;
}

/**
 * Dispatches the event; gives what respondWith() was given, if anybody called it. Throws what a
 * listener threw that kept it from being called.
 */
export function dispatchFetchEvent(
  target: EventTarget,
  context: RequestContext,
  request: Request,
): { answered: boolean; response: unknown } {
  const event = new FetchEvent("fetch", { request });
  const state = { request: context, response: undefined, answered: false };
  states.set(event, state);
  const thrown = safeList<unknown>();
  dispatch(target, event, (error) => {
    thrown[thrown.length] = error;
  });
  if (!state.answered && thrown.length > 0) throw thrown[0];
  for (let i = 0; i < thrown.length; i++) reportException(thrown[i]);
  return state;
}
