// ctx.tracing: spans of a Worker's own making. No request is traced here, so that they are what the
// platform's are for a request that isn't: they nest, follow the asynchronous flow, and are forgotten.
// https://developers.cloudflare.com/workers/observability/traces/

import { getContextValue, runWithContextValue } from "../async_context.js";
import { defineInterface, requireArguments } from "../web/webidl.js";

const { TypeError } = globalThis;
const { apply } = Reflect;

type Callback = (...values: unknown[]) => unknown;

let making = false;

class Span {
  constructor() {
    if (!making) throw new TypeError("Illegal constructor");
  }

  get isTraced(): boolean {
    return false;
  }

  spanContext(): { traceId: string; spanId: string; traceFlags: number } {
    return {
      traceId: "00000000000000000000000000000000",
      spanId: "0000000000000000",
      traceFlags: 0,
    };
  }

  setAttribute(_key: unknown, _value: unknown): this {
    return this;
  }

  setAttributes(_attributes: unknown): this {
    return this;
  }

  recordException(_exception: unknown): void {}

  updateName(_name: unknown): this {
    return this;
  }

  setStatus(status: { code?: unknown }): this {
    const code = status?.code;
    if (code !== "unset" && code !== "ok" && code !== "error") {
      throw new TypeError("Span status code must be 'unset', 'ok', or 'error'.");
    }
    return this;
  }

  end(): void {}
}

defineInterface("Span", Span);

function newSpan(): Span {
  making = true;
  try {
    return new Span();
  } finally {
    making = false;
  }
}

/** The key of the span that code runs in. */
const ACTIVE = {};
const root = newSpan();

class Tracing {
  get Span(): typeof Span {
    return Span;
  }

  /** Calls `callback` with a new span, in which it and all that follows from it run. */
  enterSpan(name: unknown, callback: unknown, ...values: unknown[]): unknown {
    return startActiveSpan("enterSpan", name, callback, values);
  }

  startActiveSpan(name: unknown, callback: unknown, ...values: unknown[]): unknown {
    return startActiveSpan("startActiveSpan", name, callback, values);
  }

  startSpan(_name: unknown): Span {
    requireArguments("Tracing.startSpan", arguments.length, 1);
    return newSpan();
  }

  getActiveSpan(): Span {
    return (getContextValue(ACTIVE) as Span | undefined) ?? root;
  }

  withActiveSpan(span: unknown, callback: unknown, ...values: unknown[]): unknown {
    if (!(span instanceof Span)) {
      throw new TypeError("Tracing.withActiveSpan: the first argument is not a Span");
    }
    const run = requireFunction("withActiveSpan", callback);
    return runWithContextValue(ACTIVE, span, () => apply(run, undefined, values));
  }
}

defineInterface("Tracing", Tracing);

export const tracing = new Tracing();

function startActiveSpan(
  method: string,
  name: unknown,
  callback: unknown,
  values: unknown[],
): unknown {
  if (typeof name !== "string") {
    throw new TypeError(`Tracing.${method}: the first argument is not a string`);
  }
  const run = requireFunction(method, callback);
  const span = newSpan();
  return runWithContextValue(ACTIVE, span, () => {
    const all: unknown[] = [span];
    for (let i = 0; i < values.length; i++) all[i + 1] = values[i];
    return apply(run, undefined, all);
  });
}

function requireFunction(method: string, callback: unknown): Callback {
  if (typeof callback !== "function") {
    throw new TypeError(`Tracing.${method}: the second argument is not a function`);
  }
  return callback as Callback;
}
