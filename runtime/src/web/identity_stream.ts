// IdentityTransformStream and FixedLengthStream, the platform's byte pipes.
// https://developers.cloudflare.com/workers/runtime-apis/streams/transformstream/
//
// Nothing is queued: a write waits for somebody to read. Bytes are copied on the way, so that the
// writer may use its buffer again when the write has settled.

import { encodeUtf8 } from "../engine.js";
import { currentRequest, requireOwner } from "../io.js";
import { copyBytes, SafeWeakMap, TypedArrayByteLength } from "../primordials.js";
import { SOURCE } from "./gateway_body.js";
import {
  bytesOf,
  type ReadableByteStreamController,
  ReadableStream,
  TransformStream,
  WritableStream,
  type WritableStreamDefaultController,
} from "./streams.js";
import { defineInterface, requireArguments, toDictionary } from "./webidl.js";

const { Number, Promise, TypeError } = globalThis;
const { isSafeInteger } = Number;
const { setPrototypeOf } = Object;

let limit: (stream: IdentityTransformStream, length: number) => void;

export class IdentityTransformStream {
  readonly #pipe: Pipe;

  static {
    limit = (stream, length) => {
      stream.#pipe.left = length;
      lengths.set(stream.#pipe.readable, length);
    };
  }

  constructor(strategy: unknown = undefined) {
    this.#pipe = new Pipe(toDictionary<Strategy>(strategy, "The queuing strategy"));
  }

  get readable(): ReadableStream<Uint8Array> {
    return this.#pipe.readable;
  }

  get writable(): WritableStream<unknown> {
    return this.#pipe.writable;
  }
}

/** Lets exactly the number of bytes through that it was made for: a body's Content-Length. */
export class FixedLengthStream extends IdentityTransformStream {
  constructor(length: number | bigint, strategy: unknown = undefined) {
    requireArguments("FixedLengthStream", arguments.length, 1);
    const expected = toLength(length);
    super(strategy);
    limit(this, expected);
  }
}

// Both are TransformStreams to `instanceof`, but have none of its machinery.
setPrototypeOf(IdentityTransformStream, TransformStream);
setPrototypeOf(IdentityTransformStream.prototype, TransformStream.prototype);
defineInterface("IdentityTransformStream", IdentityTransformStream);
defineInterface("FixedLengthStream", FixedLengthStream);

/** How many bytes the stream gives, where that is known. */
export function fixedLength(stream: ReadableStream): number | null {
  return lengths.get(stream) ?? null;
}

const lengths = new SafeWeakMap<ReadableStream, number>();

interface Strategy {
  highWaterMark: number;
}

/** A writable and a readable end, and the write that waits between them. */
class Pipe {
  readonly readable: ReadableStream<Uint8Array>;
  readonly writable: WritableStream<unknown>;
  /** Bytes that have yet to come; null where any number may. */
  left: number | null = null;
  readonly #owner = currentRequest();
  #source!: ReadableByteStreamController;
  #sink!: WritableStreamDefaultController;
  #wanted = false;
  /** One of the ends was cancelled or aborted. */
  #broken = false;
  #reason: unknown;
  #wake: (() => void) | null = null;

  constructor({ highWaterMark }: Partial<Strategy>) {
    this.readable = new ReadableStream<Uint8Array>({
      type: "bytes",
      start: (controller) => {
        this.#source = controller;
      },
      pull: () => this.#demand(),
      cancel: (reason) => {
        this.#sink.error(reason);
        this.#break(reason);
      },
    });
    this.writable = new WritableStream<unknown>(
      {
        start: (controller) => {
          this.#sink = controller;
          // An abort() waits for the write that is under way, which waits for a reader.
          controller.signal.addEventListener("abort", () => this.#break(controller.signal.reason));
        },
        write: (chunk) => this.#write(chunk),
        close: () => this.#close(),
        abort: (reason) => this.#source.error(reason),
      },
      highWaterMark === undefined
        ? {}
        : { highWaterMark, size: (chunk) => bytesOf(chunk)?.byteLength ?? 1 },
    );
  }

  #demand(): void {
    requireOwner(this.#owner, SOURCE);
    this.#wanted = true;
    this.#wake?.();
  }

  #break(reason: unknown): void {
    this.#broken = true;
    this.#reason = reason;
    this.#wake?.();
  }

  async #write(chunk: unknown): Promise<void> {
    requireOwner(this.#owner, "Writable");
    const bytes = typeof chunk === "string" ? encodeUtf8(chunk) : copyOf(chunk);
    if (bytes === undefined) {
      throw this.#fail(
        "This TransformStream is being used as a byte stream, but received an object of " +
          "non-ArrayBuffer/ArrayBufferView type on its writable side.",
      );
    }
    if (TypedArrayByteLength(bytes) === 0) return;
    if (this.left !== null) {
      if (TypedArrayByteLength(bytes) > this.left) {
        throw this.#fail("Attempt to write too many bytes through a FixedLengthStream.");
      }
      this.left -= TypedArrayByteLength(bytes);
    }
    if (!this.#wanted) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
      this.#wake = null;
    }
    this.#wanted = false;
    if (this.#broken) throw this.#reason;
    this.#source.enqueue(bytes);
  }

  #close(): void {
    if (this.left !== null && this.left > 0) {
      this.#fail("FixedLengthStream did not see all expected bytes before close().");
      return;
    }
    this.#source.close();
    this.#source.byobRequest?.respond(0);
  }

  #fail(message: string): TypeError {
    const error = new TypeError(message);
    this.#source.error(error);
    return error;
  }
}

function copyOf(chunk: unknown): Uint8Array | undefined {
  const bytes = bytesOf(chunk);
  return bytes === undefined ? undefined : copyBytes(bytes);
}

function toLength(value: unknown): number {
  const length = Number(value);
  if (!isSafeInteger(length)) {
    throw new TypeError("The value cannot be converted because it is not an integer.");
  }
  if (length < 0) {
    throw new TypeError(
      "The value cannot be converted because it is negative and this API expects a positive bigint.",
    );
  }
  return length;
}
