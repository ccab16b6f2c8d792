// Calls on their way to the gateway. What is called on a result that is still to come goes in one
// message with the call that gives it, so that it costs no round trip; messages leave when the code
// that makes the calls has come to its first pause, and before anything else about RPC is said.

import { type RequestContext, send } from "../../io.js";
import {
  PromiseResolve,
  PromiseThen,
  safeList,
  TypedArrayByteLength,
  TypedArraySet,
} from "../../primordials.js";
import type { Call, Passed, Props } from "../../protocol.js";

const { Uint8Array } = globalThis;

/** Where a message goes: to a service, or to what a stub stands for. */
export interface Destination {
  readonly binding: string | null;
  readonly entrypoint: string | null;
  readonly props: Props;
  readonly stub: number | null;
}

export interface Bundle {
  readonly request: RequestContext;
  readonly to: Destination;
  readonly calls: Call[];
  readonly bytes: Uint8Array[];
  sent: boolean;
}

let unsent = safeList<Bundle>();

export function newBundle(request: RequestContext, to: Destination): Bundle {
  const bundle = {
    request,
    to,
    calls: safeList<Call>(),
    bytes: safeList<Uint8Array>(),
    sent: false,
  };
  unsent[unsent.length] = bundle;
  PromiseThen(PromiseResolve(undefined), flushCalls);
  return bundle;
}

/** Adds a call; gives its place in the message. */
export function addCall(
  bundle: Bundle,
  op: number,
  after: number | null,
  path: string[],
  bytes: Uint8Array | null,
  passed: Passed[],
): number {
  const size = bytes === null ? null : TypedArrayByteLength(bytes);
  bundle.calls[bundle.calls.length] = [op, after, path, size, passed];
  if (bytes !== null && size !== 0) bundle.bytes[bundle.bytes.length] = bytes;
  return bundle.calls.length - 1;
}

export function flushCalls(): void {
  if (unsent.length === 0) return;
  const bundles = unsent;
  unsent = safeList();
  for (let i = 0; i < bundles.length; i++) sendBundle(bundles[i] as Bundle);
}

function sendBundle(bundle: Bundle): void {
  bundle.sent = true;
  const { request, to, calls, bytes } = bundle;
  if (request.finished) return;
  send(
    ["call", request.id, to.binding, to.entrypoint, to.props, to.stub, calls],
    bytes.length > 1 ? concat(bytes) : bytes[0],
  );
}

function concat(parts: Uint8Array[]): Uint8Array {
  let size = 0;
  for (let i = 0; i < parts.length; i++) size += TypedArrayByteLength(parts[i] as Uint8Array);
  const all = new Uint8Array(size);
  let offset = 0;
  for (let i = 0; i < parts.length; i++) {
    const part = parts[i] as Uint8Array;
    TypedArraySet(all, part, offset);
    offset += TypedArrayByteLength(part);
  }
  return all;
}
