// ExecutionContext, the third argument of a handler.
// https://developers.cloudflare.com/workers/runtime-apis/context/

import { endRequest } from "../ends.js";
import { describeError, logException, reportException } from "../errors.js";
import { type RequestContext, send, settlePart } from "../io.js";
import { loadLazy } from "../lazy.js";
import type { Props } from "../protocol.js";
import { defineInterface } from "../web/webidl.js";
import { loadRpc } from "./fetcher.js";

let make: (request: RequestContext, props: Props) => ExecutionContext;

export class ExecutionContext {
  readonly #request: RequestContext;
  /** What the binding says by which the Worker is called. */
  readonly props: unknown;

  constructor(token?: unknown) {
    if (!(token instanceof Handle)) throw new TypeError("Illegal constructor");
    this.#request = token.request;
    this.props = token.props ?? {};
  }

  static {
    make = (request, props) => new ExecutionContext(new Handle(request, props));
  }

  /** The Worker's own entrypoints, to be called as another Worker's. */
  get exports(): Record<string, unknown> {
    return loadRpc().loopbackExports();
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
  constructor(
    readonly request: RequestContext,
    readonly props: Props,
  ) {}
}

export function newExecutionContext(request: RequestContext, props: Props): ExecutionContext {
  return make(request, props);
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
