// Calls that this isolate answers: those that come for its entrypoints and for what it has exported,
// and those that it makes on stubs of its own objects.

import { describeError } from "../../errors.js";
import { enter, openRequests, RequestContext, send, settlePart } from "../../io.js";
import {
  PromiseResolve,
  PromiseThen,
  safeList,
  TypedArrayByteLength,
  viewBytes,
} from "../../primordials.js";
import type { Call, CallEvent } from "../../protocol.js";
import { flushCalls } from "./bundle.js";
import type { PendingCall } from "./call.js";
import { disposeStub, newStub, type StubState, stateOf } from "./client.js";
import { type Decoded, decode, disposeStubs } from "./decode.js";
import { addDisposer } from "./disposal.js";
import { type Encoded, encode, takeDisposer } from "./encode.js";
import { markRemote } from "./errors.js";
import { beginSession, exported, type LocalHandle, localHandle } from "./handles.js";
import { entrypointTarget, exportTarget, invoke, resultTarget, type Target } from "./target.js";
import { fromWire, toWire, wasSent, withoutWire } from "./wire.js";

export { handleRelease } from "./handles.js";

const { Error, Uint8Array } = globalThis;

/** Arguments, with the stubs that are disposed when the call has been answered. */
interface Arguments {
  readonly values: unknown[];
  readonly stubs: StubState[];
}

// --- Calls that come -----------------------------------------------------------------------------

export function handleCall(event: CallEvent, bytes: Uint8Array | null): void {
  const { 1: id, 2: exportId, 3: entrypoint, 4: props, 5: calls, 6: cause } = event;
  let request = openRequests.get(id);
  if (exportId === null) {
    request = new RequestContext(id, cause);
    beginSession(request);
  }
  if (request === undefined) return;
  request.pending += calls.length;
  enter({ request, values: undefined });
  const target = attempt(() =>
    exportId === null
      ? entrypointTarget(request, entrypoint, props)
      : exportTarget(exported(request, exportId)),
  );
  const results = safeList<Promise<unknown>>();
  let offset = 0;
  for (let i = 0; i < calls.length; i++) {
    const call = calls[i] as Call;
    const size = call[3] ?? 0;
    const part = viewBytes(bytes ?? new Uint8Array(0), offset, offset + size);
    offset += size;
    results[i] = answer(request, call, part, call[1] === null ? target : results[call[1]]);
  }
}

/** What is given or thrown, to be had later; the function is called now. */
function attempt(make: () => Target): Target | Promise<never> {
  try {
    return make();
  } catch (error) {
    const failed = PromiseThen(PromiseResolve(undefined), () => {
      throw error;
    });
    return failed;
  }
}

/** Performs a call and sends what it gives, which others of the same message may wait for. */
function answer(
  request: RequestContext,
  call: Call,
  bytes: Uint8Array,
  on: Target | Promise<unknown> | undefined,
): Promise<unknown> {
  const parts = fromWire(request, bytes, call[4], true);
  const given: { stubs: StubState[] } = { stubs: safeList() };
  const perform = (target: Target): unknown => {
    let values: unknown[] | null = null;
    if (call[3] !== null) {
      const decoded = decodeArguments(parts.bytes, parts.received);
      given.stubs = decoded.stubs;
      values = decoded.values;
    }
    return invoke(target, call[2], values);
  };
  const result = isTarget(on)
    ? settled(() => perform(on))
    : PromiseThen(on ?? PromiseResolve(undefined), (value) => perform(resultTarget(value)));
  void respond(request, call[0], result, given);
  return result;
}

function isTarget(on: Target | Promise<unknown> | undefined): on is Target {
  return on !== undefined && "reserved" in on;
}

/** A promise of what the function gives; it is called now. */
async function settled(action: () => unknown): Promise<unknown> {
  return await action();
}

function decodeArguments(bytes: Uint8Array, received: Parameters<typeof decode>[1]): Arguments {
  if (TypedArrayByteLength(bytes) === 0) return { values: safeList(), stubs: safeList() };
  const { value, stubs } = decode(bytes, received);
  return { values: value as unknown[], stubs };
}

async function respond(
  request: RequestContext,
  id: number,
  result: Promise<unknown>,
  given: { stubs: StubState[] },
): Promise<void> {
  try {
    const encoded = encodeResult(request, await result);
    if (!request.finished) sendReturn(request, id, encoded, null);
    // What has been called on the result is under way first: it may need the same stubs.
    await PromiseResolve(undefined);
    disposeStubs(encoded.stubs);
  } catch (error) {
    if (!request.finished) sendReturn(request, id, encodeThrown(error), error);
  }
  disposeStubs(given.stubs);
  settlePart(request);
}

function sendReturn(
  request: RequestContext,
  call: number,
  encoded: Encoded,
  thrown: unknown,
): void {
  const isThrown = thrown !== null;
  const { name, message, stack } = isThrown ? describeError(thrown) : NOTHING;
  const wire = toWire(encoded);
  const size = TypedArrayByteLength(wire.bytes);
  flushCalls();
  send(["return", request.id, call, size, wire.passed, isThrown, name, message, stack], wire.bytes);
  wasSent(wire);
}

const NOTHING = { name: "", message: "", stack: "" };

/** [value], or [value, stub] where the value brings a disposer along: see disposal.ts. */
function encodeResult(request: RequestContext, value: unknown): Encoded {
  const disposer = takeDisposer(value);
  if (disposer === null) return encode([value]);
  const handle = localHandle(request, {}, true, disposer);
  const stub = newStub(handle, null);
  try {
    return encode([value, stub]);
  } catch (error) {
    disposeStub(stateOf(stub) as StubState);
    throw error;
  }
}

function encodeThrown(error: unknown): Encoded {
  try {
    return encode([error]);
  } catch {
    return encode([new Error("Something was thrown that can't be sent over RPC.")]);
  }
}

// --- Calls on stubs of this isolate's own objects ------------------------------------------------

/** Copies arguments and results, and takes no shorter way to the object than another isolate would. */
export function performHere(
  call: PendingCall,
  handle: LocalHandle,
  path: string[],
  values: Encoded | null,
): void {
  const { request } = handle;
  const perform = async (): Promise<void> => {
    let decoded: Arguments = { values: safeList(), stubs: safeList() };
    try {
      if (values !== null) decoded = decodeArguments(values.bytes, withoutWire(values));
      const target = exportTarget(handle);
      const result = await invoke(target, path, values === null ? null : decoded.values);
      const encoded = encodeResult(request, result);
      const copy: Decoded = decode(encoded.bytes, withoutWire(encoded));
      call.resolve(addDisposer(copy.value as unknown[], copy.stubs));
      disposeStubs(encoded.stubs);
    } catch (error) {
      const encoded = encodeThrown(error);
      const { value } = decode(encoded.bytes, withoutWire(encoded));
      markRemote((value as unknown[])[0]);
      call.reject((value as unknown[])[0]);
    }
    disposeStubs(decoded.stubs);
  };
  PromiseThen(PromiseResolve(undefined), perform);
}
