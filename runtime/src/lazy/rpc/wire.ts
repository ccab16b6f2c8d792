// Between values as they are encoded and what the protocol says of them.

import type { RequestContext } from "../../io.js";
import {
  copyBytes,
  safeList,
  TypedArrayByteLength,
  TypedArraySet,
  viewBytes,
} from "../../primordials.js";
import type { Passed } from "../../protocol.js";
import { type Body, extractForCommand, initBody } from "../../web/body.js";
import { GatewayBody } from "../../web/gateway_body.js";
import { Response } from "../../web/response.js";
import type { Encoded, Parcel } from "./encode.js";
import { dataCloneError } from "./errors.js";
import { exportHandle, type Handle, letGo, remoteHandle } from "./handles.js";

const { Uint8Array } = globalThis;

export interface Wire {
  readonly bytes: Uint8Array;
  readonly passed: Passed[];
  /** What to let go of when it has been sent. */
  readonly sent: Handle[];
}

/** What has come beside a value's bytes. */
export type Received = Handle | Body;

/** Exports objects and hands bodies over. The message has to be sent next. */
export function toWire({ bytes, parcels }: Encoded): Wire {
  const passed = safeList<Passed>();
  const sent = safeList<Handle>();
  const inline = safeList<Uint8Array>();
  let size = TypedArrayByteLength(bytes);
  for (let i = 0; i < parcels.length; i++) {
    const parcel = parcels[i] as Parcel;
    if (parcel.kind === "stub") {
      const { handle } = parcel;
      sent[sent.length] = handle;
      passed[i] = handle.kind === "local" ? ["export", exportHandle(handle)] : ["stub", handle.id];
      continue;
    }
    const body = extractForCommand(parcel.body, () => {});
    if (body.inline !== null) {
      const length = TypedArrayByteLength(body.inline);
      inline[inline.length] = body.inline;
      size += length;
      passed[i] = ["bytes", length];
    } else if (body.stream !== null) {
      passed[i] = ["stream", body.stream];
    } else if (body.sink !== null) {
      passed[i] = ["sink", body.sink];
    } else {
      passed[i] = ["none", 0];
    }
  }
  return { bytes: inline.length === 0 ? bytes : join(bytes, inline, size), passed, sent };
}

function join(bytes: Uint8Array, parts: Uint8Array[], size: number): Uint8Array {
  const all = new Uint8Array(size);
  TypedArraySet(all, bytes);
  let offset = TypedArrayByteLength(bytes);
  for (let i = 0; i < parts.length; i++) {
    TypedArraySet(all, parts[i] as Uint8Array, offset);
    offset += TypedArrayByteLength(parts[i] as Uint8Array);
  }
  return all;
}

/** The message has been sent: the gateway has taken note of the stubs in it. */
export function wasSent({ sent }: Wire): void {
  for (let i = 0; i < sent.length; i++) letGo(sent[i] as Handle);
}

/** Splits what has come; `given` says that it is the arguments of a call. */
export function fromWire(
  request: RequestContext,
  bytes: Uint8Array,
  passed: Passed[],
  given: boolean,
): { bytes: Uint8Array; received: Received[] } {
  let inline = 0;
  for (let i = 0; i < passed.length; i++) {
    const { 0: kind, 1: id } = passed[i] as Passed;
    if (kind === "bytes") inline += id;
  }
  let offset = TypedArrayByteLength(bytes) - inline;
  if (offset < 0) throw dataCloneError("The bytes are not what was said of them.");
  const value = inline === 0 ? bytes : viewBytes(bytes, 0, offset);
  const received = safeList<Received>();
  for (let i = 0; i < passed.length; i++) {
    const { 0: kind, 1: id } = passed[i] as Passed;
    if (kind === "stub") {
      received[i] = remoteHandle(request, id, given);
      continue;
    }
    const body = new Response();
    if (kind === "stream") initBody(body, new GatewayBody(id, null));
    if (kind === "bytes") {
      initBody(body, copyBytes(bytes, offset, offset + id));
      offset += id;
    }
    received[i] = body;
  }
  return { bytes: value, received };
}

/** The same for a value that stays in this request: the other side gets what was encoded. */
export function withoutWire({ parcels }: Encoded): Received[] {
  const received = safeList<Received>();
  for (let i = 0; i < parcels.length; i++) {
    const parcel = parcels[i] as Parcel;
    received[i] = parcel.kind === "stub" ? parcel.handle : parcel.body;
  }
  return received;
}
