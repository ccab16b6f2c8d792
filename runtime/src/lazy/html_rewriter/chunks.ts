// The bytes of a body, piece by piece.

import { encodeUtf8 } from "../../engine.js";
import { isUint8Array, TypedArrayByteLength, TypedArraySet } from "../../primordials.js";
import type { Source } from "../../web/body_source.js";
import { GatewayBody } from "../../web/gateway_body.js";
import { acquireReader, cancelReader, readFrom, requireBytes } from "../../web/streams.js";

const { Uint8Array } = globalThis;

export interface Chunks {
  /** Null at the end. */
  next(): Promise<Uint8Array | null>;
  /** Nobody wants the rest. */
  cancel(reason: unknown): void;
}

export function chunksOf(source: Exclude<Source, null>): Chunks {
  if (typeof source === "string") return chunksOfBytes(encodeUtf8(source));
  if (isUint8Array(source)) return chunksOfBytes(source);
  if (source instanceof GatewayBody) {
    return { next: () => source.pull(), cancel: () => source.discard() };
  }
  const reader = acquireReader(source);
  return {
    async next() {
      const { done, value } = await readFrom(reader);
      if (done) return null;
      return typeof value === "string" ? encodeUtf8(value) : requireBytes(value);
    },
    cancel: (reason) => cancelReader(reader, reason),
  };
}

export function chunksOfBytes(bytes: Uint8Array): Chunks {
  let rest: Uint8Array | null = bytes;
  return {
    async next() {
      const chunk = rest;
      rest = null;
      return chunk;
    },
    cancel() {
      rest = null;
    },
  };
}

export function joinBytes(head: Uint8Array, tail: Uint8Array): Uint8Array {
  const size = TypedArrayByteLength(head);
  if (size === 0) return tail;
  const bytes = new Uint8Array(size + TypedArrayByteLength(tail));
  TypedArraySet(bytes, head);
  TypedArraySet(bytes, tail, size);
  return bytes;
}
