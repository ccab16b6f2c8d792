// The bytes of a body, piece by piece.

import { encodeUtf8 } from "../../engine.js";
import { isUint8Array } from "../../primordials.js";
import type { Source } from "../../web/body_source.js";
import { GatewayBody } from "../../web/gateway_body.js";
import { acquireReader, cancelReader, readFrom, requireBytes } from "../../web/streams.js";

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
      return done ? null : requireBytes(value);
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
