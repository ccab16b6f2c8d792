// ExecutionContext, the third argument of a handler.
// https://developers.cloudflare.com/workers/runtime-apis/context/

import {
  describeError,
  endRequest,
  logException,
  type RequestContext,
  reportException,
  send,
  settlePart,
} from "../io.js";
import { loadLazy } from "../lazy.js";
import { defineInterface } from "../web/webidl.js";

let make: (request: RequestContext) => ExecutionContext;

export class ExecutionContext {
  readonly #request: RequestContext;
  readonly props: unknown = {};

  constructor(token?: unknown) {
    if (!(token instanceof Handle)) throw new TypeError("Illegal constructor");
    this.#request = token.request;
  }

  static {
    make = (request) => new ExecutionContext(new Handle(request));
  }

  /** Keeps the request alive after its response, until `promise` has settled. */
  waitUntil(promise: unknown): void {
    waitUntil(this.#request, promise);
  }

  /** If the handler throws, the request goes to its origin instead of failing. */
  passThroughOnException(): void {
    this.#request.passThrough = true;
  }

  /** Spans of the Worker's own. */
  get tracing(): object {
    return (loadLazy("tracing") as typeof import("../lazy/tracing.js")).tracing;
  }

  /**
   * Ends the request at once: it fails with `reason` unless it has been answered. The platform's
   * code ends where it calls it; here that is an exception, which it may catch.
   */
  abort(reason?: unknown): never {
    const request = this.#request;
    if (!request.finished) {
      if (request.pending > request.waiting) {
        const { name, message, stack } = describeError(reason);
        send(["fail", request.id, "exception", name, message, stack, false]);
      } else {
        logException(reason);
      }
      endRequest(request, "The request has been aborted.");
    }
    throw reason;
  }
}

defineInterface("ExecutionContext", ExecutionContext);

class Handle {
  constructor(readonly request: RequestContext) {}
}

export function newExecutionContext(request: RequestContext): ExecutionContext {
  return make(request);
}

/** What ctx.waitUntil() and event.waitUntil() do. */
export async function waitUntil(request: RequestContext, promise: unknown): Promise<void> {
  request.pending++;
  request.waiting++;
  try {
    await promise;
  } catch (error) {
    reportException(error);
  } finally {
    request.waiting--;
    settlePart(request);
  }
}
