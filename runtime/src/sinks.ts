// Sinks: bodies that the isolate produces.

import { type AsyncContext, getAsyncContext } from "./engine.js";
import { enter, onEnd, type RequestContext, requireRequest, send, settlePart } from "./io.js";
import { PromiseReject, PromiseResolve, SafeMap, TypedArrayByteLength } from "./primordials.js";
import { type CancelEvent, type CreditEvent, SINK_WINDOW } from "./protocol.js";

const { Promise, TypeError } = globalThis;

/** The sending end of a body, under flow control. */
export interface Sink {
  readonly id: number;
  /** Sends the bytes; the promise resolves when more may be sent. */
  write(chunk: Uint8Array): Promise<void>;
  /** Ends the body; with `error`, breaks it off. */
  end(error?: string): void;
}

interface SinkState {
  readonly request: RequestContext;
  readonly context: AsyncContext | undefined;
  /** The request stays alive until it has ended. */
  readonly holds: boolean;
  readonly onCancel: (reason: string) => void;
  credit: number;
  wake: (() => void) | null;
}

const sinks = new SafeMap<number, SinkState>();
let lastSink = 0;

/** Opens a sink of the current request, which stays alive until the sink has ended, if `holds`. */
export function openSink(onCancel: (reason: string) => void, holds = true): Sink {
  const id = ++lastSink;
  const request = requireRequest();
  if (holds) request.pending++;
  else onEnd(request, () => sinks.delete(id));
  const state: SinkState = {
    request,
    context: getAsyncContext(),
    holds,
    onCancel,
    credit: SINK_WINDOW,
    wake: null,
  };
  sinks.set(id, state);
  return {
    id,
    write(chunk) {
      if (!sinks.has(id)) {
        return PromiseReject(new TypeError("The body has ended."));
      }
      const size = TypedArrayByteLength(chunk);
      send(["chunk", id, size], chunk);
      state.credit -= size;
      if (state.credit > 0) return PromiseResolve(undefined);
      return new Promise((resolve) => {
        state.wake = resolve;
        request.due++;
      });
    },
    end(error) {
      if (!sinks.delete(id)) return;
      send(["end", id, error ?? null]);
      if (holds) settlePart(request);
    },
  };
}

export function creditSink(event: CreditEvent): void {
  const sink = sinks.get(event[1]);
  if (sink === undefined) return;
  sink.credit += event[2];
  if (sink.credit > 0 && sink.wake !== null) {
    const wake = sink.wake;
    sink.wake = null;
    sink.request.due--;
    enter(sink.context);
    wake();
  }
}

export function cancelSink(event: CancelEvent): void {
  const sink = sinks.get(event[1]);
  if (sink === undefined) return;
  sinks.delete(event[1]);
  enter(sink.context);
  sink.onCancel(event[2]);
  if (sink.wake !== null) {
    sink.request.due--;
    sink.wake();
  }
  if (sink.holds) settlePart(sink.request);
}

/** The request is over: what it was sending breaks off, with a word of why if there is a `reason`. */
export function dropSinks(request: RequestContext, reason: string | null): void {
  sinks.forEach((sink, id) => {
    if (sink.request !== request) return;
    sinks.delete(id);
    if (reason !== null) send(["end", id, reason]);
  });
}
