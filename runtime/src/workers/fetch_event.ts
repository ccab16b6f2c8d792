// The classic form of a Worker: addEventListener("fetch", event => event.respondWith(…)).
// Service Workers §4.6 (FetchEvent), with the platform's additions.

import { reportException } from "../errors.js";
import type { RequestContext } from "../io.js";
import { safeList } from "../primordials.js";
import { dispatch, type EventInit, globalTarget } from "../web/events.js";
import type { Request } from "../web/request.js";
import { defineInterface } from "../web/webidl.js";
import { ExtendableEvent, makeExtendable } from "./extendable_event.js";

const { TypeError } = globalThis;

interface Answer {
  /** respondWith() has been called. */
  answered: boolean;
  response: unknown;
}

export class FetchEvent extends ExtendableEvent {
  readonly #context: RequestContext;
  readonly #request: Request;
  readonly #answer: Answer;

  constructor(context: RequestContext, request: Request, answer: Answer) {
    super("fetch", context, { __proto__: null, cancelable: true } as EventInit);
    this.#context = context;
    this.#request = request;
    this.#answer = answer;
  }

  get request(): Request {
    return this.#request;
  }

  respondWith(response: unknown): void {
    if (this.#answer.answered)
      throw new TypeError(
        "FetchEvent.respondWith() has already been called; it can only be called once.",
      );
    this.#answer.answered = true;
    this.#answer.response = response;
    this.stopImmediatePropagation();
  }

  /** If the handler throws, the request goes to its origin instead of failing. */
  passThroughOnException(): void {
    this.#context.passThrough = true;
  }
}

defineInterface("FetchEvent", FetchEvent);

/**
 * Dispatches the event; gives what respondWith() was given, if anybody called it. Throws what a
 * listener threw that kept it from being called.
 */
export function dispatchFetchEvent(context: RequestContext, request: Request): Answer {
  const answer = { answered: false, response: undefined };
  const event = makeExtendable(() => new FetchEvent(context, request, answer));
  const thrown = safeList<unknown>();
  dispatch(globalTarget, event, (error) => {
    thrown[thrown.length] = error;
  });
  if (!answer.answered && thrown.length > 0) throw thrown[0];
  for (let i = 0; i < thrown.length; i++) reportException(thrown[i]);
  return answer;
}
