// Bodies (Fetch §2.2.4) and what Request and Response share (§5.3, "Body").
//
// A body is kept as what it was made from (text, bytes, a handle on what the gateway holds, or a
// stream) until somebody asks for something else. So text is encoded when it leaves the isolate,
// a stream is made when `body` is looked at, and a body that came from the gateway goes back to it
// as a number, even when its stream was passed from one object to another on the way: as long as
// nobody has read from such a stream, what it would give is known (`origins`).

import { decodeUtf8, encodeUtf8, isAnyArrayBuffer, isStringObject } from "../engine.js";
import {
  currentRequest,
  openSink,
  type RequestContext,
  reportException,
  requireOwner,
  type Sink,
} from "../io.js";
import {
  ArrayBufferByteLength,
  bytesOfView,
  copyBytes,
  isUint8Array,
  PromiseReject,
  PromiseResolve,
  SafeWeakMap,
  StringCharCodeAt,
  StringSlice,
  safeList,
  TypedArrayBuffer,
  TypedArrayByteLength,
  TypedArraySet,
} from "../primordials.js";
import type { FlatHeaders } from "../protocol.js";
import { GatewayBody, SOURCE } from "./gateway_body.js";
import { withHeader, withoutHeader } from "./headers.js";
import { fixedLength } from "./identity_stream.js";
import {
  acquireReader,
  cancelReader,
  isDisturbed,
  isLocked,
  isReadableStream,
  proxyStream,
  ReadableStream,
  type Reader,
  readFrom,
  requireBytes,
  seize,
  streamOfBytes,
  teeStream,
} from "./streams.js";
import { isURLSearchParams } from "./url_search_params.js";
import { defineInterface, toUsvString } from "./webidl.js";

const { TypeError, Uint8Array } = globalThis;
const { isView }: { isView(value: unknown): value is ArrayBufferView } = ArrayBuffer;
const { parse } = JSON;
const { asyncIterator, iterator }: { asyncIterator: symbol; iterator: symbol } = Symbol;

const USED =
  "Body has already been used. It can only be used once. Use tee() first if you need to read it twice.";
const LOCKED = "This ReadableStream is currently locked to a reader.";

/** What a body consists of; null where there is none. */
export type Source = string | Uint8Array | GatewayBody | ReadableStream | null;

/** What the streams that were made of other sources would give. */
const origins = new SafeWeakMap<ReadableStream, string | Uint8Array | GatewayBody>();

let sourceOf: (body: Body) => Source;
let setSource: (body: Body, source: Source) => void;
let take: (body: Body) => Source;
let cloneSource: (body: Body) => Source;

/** What Request and Response inherit, as on the platform (the standard mixes it into both). */
export class Body {
  #source: Source = null;
  #used = false;
  /** Whose I/O the body is; null for what was made in the global scope. */
  readonly #owner = currentRequest();

  static {
    sourceOf = (body) => body.#source;
    setSource = (body, source) => {
      body.#source = source;
    };
    take = (body) => body.#take();
    cloneSource = (body) => body.#clone();
  }

  constructor() {
    if (new.target === Body) throw new TypeError("Illegal constructor");
  }

  get body(): ReadableStream<Uint8Array> | null {
    const source = this.#source;
    if (source === null || isReadableStream(source)) return source;
    if (this.#used) {
      this.#source = new ReadableStream();
      seize(this.#source);
    } else {
      this.#source = toStream(source, this.#owner);
    }
    return this.#source;
  }

  get bodyUsed(): boolean {
    return this.#used || (isReadableStream(this.#source) && isDisturbed(this.#source));
  }

  arrayBuffer(): Promise<ArrayBuffer> {
    return this.#read(toBuffer);
  }

  bytes(): Promise<Uint8Array> {
    return this.#read(toBytes);
  }

  json(): Promise<unknown> {
    return this.#read(toJson);
  }

  text(): Promise<string> {
    return this.#read(toText);
  }

  /** "Consume body" (§5.3). */
  #read<T>(convert: (content: string | Uint8Array) => T): Promise<T> {
    try {
      const source = this.#take();
      if (source === null) return PromiseResolve(convert(""));
      if (typeof source === "string" || isUint8Array(source)) {
        return PromiseResolve(convert(source));
      }
      return readAll(source, convert);
    } catch (error) {
      return PromiseReject(error);
    }
  }

  /** Marks the body as used and gives what it is; throws where it was used before. */
  #take(): Source {
    this.#requireUsable();
    const source = this.#source;
    if (source === null) return null;
    if (!isReadableStream(source)) {
      requireOwner(this.#owner, SOURCE);
      this.#used = true;
      this.#source = "";
      return source;
    }
    const origin = origins.get(source);
    if (origin === undefined) return source;
    requireOwner(this.#owner, SOURCE);
    seize(source);
    return origin;
  }

  #clone(): Source {
    this.#requireUsable();
    const source = this.#source;
    const content = isReadableStream(source) ? (origins.get(source) ?? null) : source;
    if (content !== null) requireOwner(this.#owner, SOURCE);
    if (typeof content === "string") return content;
    if (isUint8Array(content)) return copyBytes(content);
    if (source === null || typeof source === "string" || isUint8Array(source)) return null;
    const { 0: mine, 1: other } = teeStream(
      isReadableStream(source) ? source : toStream(source, this.#owner),
    );
    this.#source = mine;
    return other;
  }

  #requireUsable(): void {
    if (this.bodyUsed) throw new TypeError(USED);
    if (isReadableStream(this.#source) && isLocked(this.#source)) throw new TypeError(LOCKED);
  }
}

defineInterface("Body", Body);

// --- For Request, Response and the turn ----------------------------------------------------------

/** Gives a new Request or Response its body. */
export function initBody(body: Body, source: Source): void {
  setSource(body, source);
}

/** Takes the body away from one object, to be another's (the standard's "create a proxy"). */
export function moveSource(from: Body): Source {
  const source = take(from);
  return isReadableStream(source) ? proxyStream(source) : source;
}

/** "Clone a body" (§2.2.4). */
export function cloneBody(body: Body): Source {
  return cloneSource(body);
}

/** "Extract a body" (§5.2) of anything but null and undefined. */
export function extractSource(init: unknown): Exclude<Source, null> {
  if (typeof init === "string") return toUsvString(init);
  if (isReadableStream(init)) {
    if (isDisturbed(init)) {
      throw new TypeError(
        "This ReadableStream is disturbed (has already been read from), and cannot be used as a body.",
      );
    }
    if (isLocked(init)) {
      throw new TypeError(
        "This ReadableStream is locked to a reader, and cannot be used as a body.",
      );
    }
    return init;
  }
  if (isView(init)) return copyBytes(bytesOfView(init));
  if (isAnyArrayBuffer(init)) return copyBytes(new Uint8Array(init));
  if (isIterable(init) && !isURLSearchParams(init)) return ReadableStream.from(init);
  return toUsvString(init);
}

/** The Content-Type that a body brings along when it is extracted from `init`. */
export function defaultContentType(init: unknown, source: Source): string | null {
  if (typeof source !== "string") return null;
  return isURLSearchParams(init)
    ? "application/x-www-form-urlencoded;charset=UTF-8"
    : "text/plain;charset=UTF-8";
}

/**
 * The headers with the length that a streamed body is sure to have, if any: a Content-Length of the
 * Worker's own making is often that of another body, whose headers were copied.
 */
export function withTrueLength(body: Body, headers: FlatHeaders): FlatHeaders {
  const source = sourceOf(body);
  if (!isReadableStream(source)) return headers;
  const rest = withoutHeader(headers, "content-length");
  const length = fixedLength(source);
  return length === null ? rest : withHeader(rest, "content-length", `${length}`);
}

/** The protocol's three ways to tell a body. */
export interface CommandBody {
  readonly inline: Uint8Array | null;
  readonly stream: number | null;
  readonly sink: number | null;
}

type OnError = (error: unknown) => void;

const NO_BODY: CommandBody = { inline: null, stream: null, sink: null };

/**
 * Hands a body over to the gateway and marks it as used. A stream of the Worker's own is pumped
 * into a sink from here on; `onError` is told when it breaks.
 */
export function extractForCommand(body: Body, onError: OnError = reportException): CommandBody {
  const source = take(body);
  if (source === null) return NO_BODY;
  if (typeof source === "string") return { inline: encodeUtf8(source), stream: null, sink: null };
  if (isUint8Array(source)) return { inline: source, stream: null, sink: null };
  if (source instanceof GatewayBody) return { inline: null, stream: source.pass(), sink: null };
  return { inline: null, stream: null, sink: pump(source, onError) };
}

/** Sends what the stream gives, as fast as the reader takes it; the first chunk after this turn. */
function pump(stream: ReadableStream, onError: OnError): number {
  const reader = acquireReader(stream);
  const sink = openSink((reason) => {
    cancelReader(reader, new TypeError(reason));
  });
  void pumpAll(reader, sink, onError);
  return sink.id;
}

async function pumpAll(reader: Reader, sink: Sink, onError: OnError): Promise<void> {
  try {
    for (;;) {
      const { done, value } = await readFrom(reader);
      if (done) break;
      const bytes = requireBytes(value);
      if (TypedArrayByteLength(bytes) > 0) await sink.write(bytes);
    }
    sink.end();
  } catch (error) {
    sink.end(`${error}`);
    onError(error);
    cancelReader(reader, error);
  }
}

// --- Conversions ---------------------------------------------------------------------------------

function toStream(
  source: string | Uint8Array | GatewayBody,
  owner: RequestContext | null,
): ReadableStream<Uint8Array> {
  const stream = source instanceof GatewayBody ? source.toStream() : streamOfContent(source, owner);
  origins.set(stream, source);
  return stream;
}

function streamOfContent(
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
async function readAll<T>(
  source: GatewayBody | ReadableStream,
  convert: (content: Uint8Array) => T,
): Promise<T> {
  const next = source instanceof GatewayBody ? () => source.pull() : chunksOf(source);
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

function toText(content: string | Uint8Array): string {
  if (typeof content !== "string") return decodeUtf8(content);
  // "UTF-8 decode" takes a byte order mark off.
  return StringCharCodeAt(content, 0) === 0xfeff ? StringSlice(content, 1) : content;
}

function toBytes(content: string | Uint8Array): Uint8Array {
  return typeof content === "string" ? encodeUtf8(content) : content;
}

function toBuffer(content: string | Uint8Array): ArrayBuffer {
  const bytes = toBytes(content);
  const buffer = TypedArrayBuffer(bytes) as ArrayBuffer;
  const whole = TypedArrayByteLength(bytes) === ArrayBufferByteLength(buffer);
  return whole ? buffer : (TypedArrayBuffer(copyBytes(bytes)) as ArrayBuffer);
}

function toJson(content: string | Uint8Array): unknown {
  return parse(toText(content));
}

function isIterable(value: unknown): value is AsyncIterable<unknown> {
  if (typeof value !== "object" || value === null || isStringObject(value)) return false;
  const methods = value as Record<symbol, unknown>;
  return methods[asyncIterator] !== undefined || methods[iterator] !== undefined;
}
