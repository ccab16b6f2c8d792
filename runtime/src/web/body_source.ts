// What bodies are made from, and what they are read as (Fetch §2.2.4 and §5.2).

import { decodeUtf8, encodeUtf8, isAnyArrayBuffer, isStringObject } from "../engine.js";
import { type RequestContext, requireOwner } from "../io.js";
import {
  ArrayBufferByteLength,
  bytesOfView,
  copyBytes,
  StringCharCodeAt,
  StringSlice,
  safeList,
  TypedArrayBuffer,
  TypedArrayByteLength,
  TypedArraySet,
} from "../primordials.js";
import { extractForm } from "./body_forms.js";
import { GatewayBody, SOURCE } from "./gateway_body.js";
import {
  acquireReader,
  isDisturbed,
  isLocked,
  isReadableStream,
  ReadableStream,
  readFrom,
  requireBytes,
  streamOfBytes,
} from "./streams.js";
import { isURLSearchParams } from "./url_search_params.js";
import { toUsvString } from "./webidl.js";

const { TypeError, Uint8Array } = globalThis;
const { isView }: { isView(value: unknown): value is ArrayBufferView } = ArrayBuffer;
const { parse } = JSON;
const { asyncIterator, iterator }: { asyncIterator: symbol; iterator: symbol } = Symbol;

/** What a body consists of; null where there is none. */
export type Source = string | Uint8Array | GatewayBody | ReadableStream | null;

/** A body, and the Content-Type that it brings along. */
export interface Extracted {
  readonly source: Source;
  readonly type: string | null;
}

export const TEXT = "text/plain;charset=UTF-8";
const URLENCODED = "application/x-www-form-urlencoded;charset=UTF-8";

/** "Extract a body" (§5.2) of anything but null and undefined. */
export function extract(init: unknown): Extracted {
  if (typeof init === "string") return { source: toUsvString(init), type: TEXT };
  if (isReadableStream(init)) return { source: usableStream(init), type: null };
  if (isView(init)) return { source: copyBytes(bytesOfView(init)), type: null };
  if (isAnyArrayBuffer(init)) return { source: copyBytes(new Uint8Array(init)), type: null };
  if (isURLSearchParams(init)) return { source: toUsvString(init), type: URLENCODED };
  const form = extractForm(init);
  if (form !== null) return form;
  if (isIterable(init)) return { source: ReadableStream.from(init), type: null };
  return { source: toUsvString(init), type: TEXT };
}

function usableStream(stream: ReadableStream): ReadableStream {
  if (isDisturbed(stream)) {
    throw new TypeError(
      "This ReadableStream is disturbed (has already been read from), and cannot be used as a body.",
    );
  }
  if (isLocked(stream)) {
    throw new TypeError("This ReadableStream is locked to a reader, and cannot be used as a body.");
  }
  return stream;
}

function isIterable(value: unknown): value is AsyncIterable<unknown> {
  if (typeof value !== "object" || value === null || isStringObject(value)) return false;
  const methods = value as Record<symbol, unknown>;
  return methods[asyncIterator] !== undefined || methods[iterator] !== undefined;
}

// --- What bodies are read as ---------------------------------------------------------------------

/** A stream of what is there already. */
export function streamOfContent(
  content: string | Uint8Array,
  owner: RequestContext | null,
): ReadableStream<Uint8Array> {
  let rest: string | Uint8Array | null = content;
  return streamOfBytes({
    async pull() {
      requireOwner(owner, SOURCE);
      const chunk = rest === null || rest.length === 0 ? null : toBytes(rest);
      rest = null;
      return chunk;
    },
    cancel() {
      rest = null;
    },
  }).stream;
}

/** "Fully read" (§2.2.4): all of a body that comes in pieces. */
export async function readAll<T>(
  source: GatewayBody | ReadableStream,
  convert: (content: Uint8Array) => T,
): Promise<T> {
  const next = source instanceof GatewayBody ? () => source.pull(true) : chunksOf(source);
  const chunks = safeList<Uint8Array>();
  let size = 0;
  for (let chunk = await next(); chunk !== null; chunk = await next()) {
    chunks[chunks.length] = chunk;
    size += TypedArrayByteLength(chunk);
  }
  // A chunk of the gateway's is nobody else's, one of a Worker's stream has to be copied.
  if (chunks.length === 1 && source instanceof GatewayBody) return convert(chunks[0] as Uint8Array);
  const bytes = new Uint8Array(size);
  let offset = 0;
  for (let i = 0; i < chunks.length; i++) {
    const chunk = chunks[i] as Uint8Array;
    TypedArraySet(bytes, chunk, offset);
    offset += TypedArrayByteLength(chunk);
  }
  return convert(bytes);
}

function chunksOf(stream: ReadableStream): () => Promise<Uint8Array | null> {
  const reader = acquireReader(stream);
  return async () => {
    const { done, value } = await readFrom(reader);
    return done ? null : requireBytes(value);
  };
}

export function toText(content: string | Uint8Array): string {
  if (typeof content !== "string") return decodeUtf8(content);
  // "UTF-8 decode" takes a byte order mark off.
  return StringCharCodeAt(content, 0) === 0xfeff ? StringSlice(content, 1) : content;
}

export function toBytes(content: string | Uint8Array): Uint8Array {
  return typeof content === "string" ? encodeUtf8(content) : content;
}

export function toBuffer(content: string | Uint8Array): ArrayBuffer {
  const bytes = toBytes(content);
  const buffer = TypedArrayBuffer(bytes) as ArrayBuffer;
  const whole = TypedArrayByteLength(bytes) === ArrayBufferByteLength(buffer);
  return whole ? buffer : (TypedArrayBuffer(copyBytes(bytes)) as ArrayBuffer);
}

export function toJson(content: string | Uint8Array): unknown {
  return parse(toText(content));
}
