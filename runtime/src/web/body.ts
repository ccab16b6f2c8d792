// Bodies (Fetch §2.2.4) and what Request and Response share (§5.3, "Body").
//
// A body is kept as what it was made from (text, bytes, a handle on what the gateway holds, or a
// stream) until somebody asks for something else. So text is encoded when it leaves the isolate,
// a stream is made when `body` is looked at, and a body that came from the gateway goes back to it
// as a number, even when its stream was passed from one object to another on the way: as long as
// nobody has read from such a stream, what it would give is known (`origins`).

import { encodeUtf8 } from "../engine.js";
import { reportException } from "../errors.js";
import { currentRequest, type RequestContext, requireOwner } from "../io.js";
import {
  copyBytes,
  isUint8Array,
  PromiseReject,
  PromiseResolve,
  SafeWeakMap,
  TypedArrayByteLength,
} from "../primordials.js";
import type { FlatHeaders } from "../protocol.js";
import { openSink, type Sink } from "../sinks.js";
import { watcher } from "../watch.js";
import { loadForms } from "./body_forms.js";
import {
  readAll,
  type Source,
  streamOfContent,
  TEXT,
  toBuffer,
  toBytes,
  toJson,
  toText,
} from "./body_source.js";
import { fixedLength } from "./fixed_length.js";
import { GatewayBody, SOURCE } from "./gateway_body.js";
import {
  flatFromHeaders,
  getFlat,
  type Headers,
  headersFromFlat,
  withHeader,
  withoutHeader,
} from "./headers.js";
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
  teeStream,
} from "./streams.js";
import { defineInterface } from "./webidl.js";

const { TypeError } = globalThis;

const USED =
  "Body has already been used. It can only be used once. Use tee() first if you need to read it twice.";
const LOCKED = "This ReadableStream is currently locked to a reader.";

/** What the streams that were made of other sources would give. */
const origins = new SafeWeakMap<ReadableStream, string | Uint8Array | GatewayBody>();

/** The list of a message that was given no headers; never changed, as it is shared. */
export const NO_HEADERS: FlatHeaders = [];
/** The list of most responses; never changed. */
const TEXT_HEADERS: FlatHeaders = ["content-type", TEXT];

let sourceOf: (body: Body) => Source;
let take: (body: Body) => Source;

/** Gives a new Request or Response its body. */
export let initBody: (body: Body, source: Source) => void;
/** "Clone a body" (§2.2.4). */
export let cloneBody: (body: Body) => Source;
export let isUsed: (body: Body) => boolean;
/** Gives a new Request or Response its headers; the list may be another's too. */
export let initHeaders: (body: Body, list: FlatHeaders, immutable: boolean) => void;
/** The header list, not to be changed; no Headers object is made for it. */
export let headerList: (body: Body) => FlatHeaders;
export let hasImmutableHeaders: (body: Body) => boolean;
/** What `headers` of a Request or a Response gives. */
export let headersOf: (body: Body) => Headers;

/** What Request and Response inherit, as on the platform (the standard mixes it into both). */
export class Body {
  /** The header list, until `headers` is asked for. */
  #list = NO_HEADERS;
  #immutable = false;
  #headers: Headers | null = null;
  #source: Source = null;
  #used = false;
  /** Whose I/O the body is; null for what was made in the global scope. */
  readonly #owner = currentRequest();

  static {
    sourceOf = (body) => body.#source;
    initBody = (body, source) => {
      body.#source = source;
    };
    take = (body) => body.#take();
    cloneBody = (body) => body.#clone();
    isUsed = (body) => body.#isUsed();
    initHeaders = (body, list, immutable) => {
      body.#list = list;
      body.#immutable = immutable;
    };
    headerList = (body) => body.#headerList();
    hasImmutableHeaders = (body) => body.#immutable;
    headersOf = (body) => {
      watcher?.looked(body);
      body.#headers ??= headersFromFlat(body.#list, body.#immutable);
      return body.#headers;
    };
  }

  constructor() {
    if (new.target === Body) throw new TypeError("Illegal constructor");
  }

  get body(): ReadableStream<Uint8Array> | null {
    watcher?.looked(this);
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
    watcher?.looked(this);
    return this.#isUsed();
  }

  arrayBuffer(): Promise<ArrayBuffer> {
    return this.#read(toBuffer);
  }

  blob(): Promise<unknown> {
    return this.#readForm("toBlob");
  }

  bytes(): Promise<Uint8Array> {
    return this.#read(toBytes);
  }

  formData(): Promise<unknown> {
    return this.#readForm("toFormData");
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
      const content = readAll(source, convert);
      if (watcher !== null && source instanceof GatewayBody) {
        watcher.read(this, convert.name, content);
      }
      return content;
    } catch (error) {
      return PromiseReject(error);
    }
  }

  /** Reads it as an object that is loaded on first use, and that depends on the Content-Type. */
  #readForm(conversion: "toBlob" | "toFormData"): Promise<unknown> {
    try {
      const type = getFlat(this.#headerList(), "content-type");
      if (type === null && conversion === "toFormData") {
        throw new TypeError("Parsing a Body as FormData requires a Content-Type header.");
      }
      const convert = loadForms()[conversion];
      return this.#read((content) => convert(toBytes(content), type));
    } catch (error) {
      return PromiseReject(error);
    }
  }

  #headerList(): FlatHeaders {
    return this.#headers === null ? this.#list : flatFromHeaders(this.#headers);
  }

  /** Marks the body as used and gives what it is; throws where it was used before. */
  #take(): Source {
    watcher?.looked(this);
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
    watcher?.looked(this);
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

  #isUsed(): boolean {
    return this.#used || (isReadableStream(this.#source) && isDisturbed(this.#source));
  }

  #requireUsable(): void {
    if (this.#isUsed()) throw new TypeError(USED);
    if (isReadableStream(this.#source) && isLocked(this.#source)) throw new TypeError(LOCKED);
  }
}

defineInterface("Body", Body);

// --- For Request, Response and the turn ----------------------------------------------------------

/** Takes the body away from one object, to be another's (the standard's "create a proxy"). */
export function moveSource(from: Body): Source {
  const source = take(from);
  return isReadableStream(source) ? proxyStream(source) : source;
}

/** Adds a Content-Type to the headers of a new Request or Response that have none. */
export function initContentType(body: Body, type: string): void {
  const list = headerList(body);
  if (list === NO_HEADERS) {
    initHeaders(body, type === TEXT ? TEXT_HEADERS : ["content-type", type], false);
  } else if (getFlat(list, "content-type") === null) {
    initHeaders(body, withHeader(list, "content-type", type), false);
  }
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
  if (typeof source === "string" || isUint8Array(source)) watcher?.sent(source);
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
  // Whoever patches a Worker's streams can make reading throw at once, and the gateway has to know
  // the sink before it hears of its end.
  await undefined;
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

/** The stream of a body; as long as nobody has read from it, it goes back as what it was. */
export function toStream(
  source: string | Uint8Array | GatewayBody,
  owner: RequestContext | null,
): ReadableStream<Uint8Array> {
  const stream = source instanceof GatewayBody ? source.toStream() : streamOfContent(source, owner);
  origins.set(stream, source);
  return stream;
}
