// Streams (https://streams.spec.whatwg.org/), by web-streams-polyfill, which is made from the
// standard's reference implementation and passes its tests.

import * as streams from "web-streams-polyfill";
import {
  ReadableStream,
  ReadableStreamDefaultReader,
  type ReadableStreamDefaultReadResult,
} from "web-streams-polyfill";
import { isAnyArrayBuffer } from "../engine.js";
import {
  bytesOfView,
  ignoreRejection,
  isUint8Array,
  TypedArrayByteLength,
} from "../primordials.js";
import { registerInterface } from "./webidl.js";

export {
  ByteLengthQueuingStrategy,
  CountQueuingStrategy,
  ReadableByteStreamController,
  ReadableStream,
  ReadableStreamBYOBReader,
  ReadableStreamBYOBRequest,
  ReadableStreamDefaultController,
  ReadableStreamDefaultReader,
  TransformStream,
  TransformStreamDefaultController,
  WritableStream,
  WritableStreamDefaultController,
  WritableStreamDefaultWriter,
} from "web-streams-polyfill";

const { TypeError, Uint8Array } = globalThis;
const { isPrototypeOf } = Object.prototype;
const { isView }: { isView(value: unknown): value is ArrayBufferView } = ArrayBuffer;

for (const [name, stream] of Object.entries(streams)) {
  if (typeof stream === "function") registerInterface(name, stream);
}

export type Reader = ReadableStreamDefaultReader<unknown>;

// The methods as they are now: a Worker may replace those of the prototype.
const { getReader, tee } = ReadableStream.prototype;
const { read, cancel } = ReadableStreamDefaultReader.prototype;
const { prototype: streamPrototype } = ReadableStream;
const isLockedStream = Object.getOwnPropertyDescriptor(ReadableStream.prototype, "locked")
  ?.get as () => boolean;
const { apply } = Reflect;

export function isReadableStream(value: unknown): value is ReadableStream {
  // Not `instanceof`, which a Worker may redefine.
  return apply(isPrototypeOf, streamPrototype, [value]);
}

export function isLocked(stream: ReadableStream): boolean {
  return apply(isLockedStream, stream, []);
}

/** Has it been read from or cancelled? (Streams §9.1, "disturbed") */
export function isDisturbed(stream: ReadableStream): boolean {
  return (stream as unknown as { _disturbed: boolean })._disturbed;
}

export function acquireReader(stream: ReadableStream): Reader {
  return apply(getReader, stream, []) as Reader;
}

export function readFrom(reader: Reader): Promise<ReadableStreamDefaultReadResult<unknown>> {
  return apply(read, reader, []);
}

/** Nobody wants the rest; whether that works is nobody's business any more. */
export function cancelReader(reader: Reader, reason: unknown): void {
  ignoreRejection(apply(cancel, reader, [reason]));
}

export function teeStream(stream: ReadableStream): [ReadableStream, ReadableStream] {
  return apply(tee, stream, []);
}

/** A stream that gives what the other one would; the other one is used up ("create a proxy"). */
export function proxyStream(stream: ReadableStream): ReadableStream {
  const reader = acquireReader(stream);
  markDisturbed(stream);
  return new ReadableStream(
    {
      async pull(controller) {
        const { done, value } = await readFrom(reader);
        if (done) controller.close();
        else controller.enqueue(value);
      },
      cancel: (reason) => apply(cancel, reader, [reason]),
    },
    { highWaterMark: 0 },
  );
}

/** Leaves the stream as one that has been read: locked and disturbed. */
export function seize(stream: ReadableStream): void {
  acquireReader(stream);
  markDisturbed(stream);
}

function markDisturbed(stream: ReadableStream): void {
  (stream as unknown as { _disturbed: boolean })._disturbed = true;
}

/** What a byte stream's source is asked for the next chunk; null at its end. */
export interface ByteSource {
  pull(): Promise<Uint8Array | null>;
  cancel(reason: unknown): void;
}

/** A readable byte stream that reads nothing ahead, and a function that errors it. */
export function streamOfBytes(source: ByteSource): {
  stream: ReadableStream<Uint8Array>;
  fail(reason: unknown): void;
} {
  let fail: (reason: unknown) => void = () => {};
  const stream = new ReadableStream({
    type: "bytes",
    start(controller) {
      fail = (reason) => controller.error(reason);
    },
    async pull(controller) {
      let chunk = await source.pull();
      while (chunk !== null && TypedArrayByteLength(chunk) === 0) chunk = await source.pull();
      if (chunk !== null) {
        controller.enqueue(chunk);
        return;
      }
      controller.close();
      // A reader that brought its own buffer waits for it (Streams §4.7.4).
      controller.byobRequest?.respond(0);
    },
    cancel(reason) {
      source.cancel(reason);
    },
  });
  return { stream, fail: (reason) => fail(reason) };
}

/** The bytes of a chunk, not copied; undefined where the chunk has none. */
export function bytesOf(chunk: unknown): Uint8Array | undefined {
  if (isUint8Array(chunk)) return chunk;
  if (isView(chunk)) return bytesOfView(chunk);
  if (isAnyArrayBuffer(chunk)) return new Uint8Array(chunk);
  return undefined;
}

/** The bytes of a chunk of a body, which have to be bytes (Fetch §4.2, "incrementally read"). */
export function requireBytes(chunk: unknown): Uint8Array {
  const bytes = bytesOf(chunk);
  if (bytes === undefined) throw new TypeError("This ReadableStream did not return bytes.");
  return bytes;
}
