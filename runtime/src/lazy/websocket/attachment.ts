// A value that stays with a WebSocket while its Durable Object sleeps: it is kept as bytes.
// https://developers.cloudflare.com/durable-objects/best-practices/websockets/

import { deserialize, serialize } from "../../engine.js";
import { TypedArrayByteLength } from "../../primordials.js";

const { Error } = globalThis;

/** The platform's limit, in bytes. */
const MAX_ATTACHMENT = 16 * 1024;

export function toAttachment(value: unknown): Uint8Array {
  const bytes = serialize(value);
  const length = TypedArrayByteLength(bytes);
  if (length > MAX_ATTACHMENT) {
    throw new Error(
      `A WebSocket 'attachment' cannot be larger than ${MAX_ATTACHMENT} bytes. ` +
        `'attachment' was ${length} bytes.`,
    );
  }
  return bytes;
}

export function fromAttachment(bytes: Uint8Array | null): unknown {
  return bytes === null ? null : deserialize(bytes);
}
