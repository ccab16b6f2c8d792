// IdentityTransformStream and FixedLengthStream, the platform's byte pipes.
// https://developers.cloudflare.com/workers/runtime-apis/streams/transformstream/

import { TypedArrayByteLength } from "../../primordials.js";
import { setFixedLength } from "../../web/fixed_length.js";
import { type ReadableStream, TransformStream, type WritableStream } from "../../web/streams.js";
import { defineInterface, requireArguments, toDictionary } from "../../web/webidl.js";
import { BytePipe, type PipeStrategy } from "./byte_pipe.js";

const { Number, TypeError } = globalThis;
const { isSafeInteger } = Number;
const { setPrototypeOf } = Object;

let limit: (stream: IdentityTransformStream, length: number) => void;

export class IdentityTransformStream {
  readonly #pipe: IdentityPipe;

  static {
    limit = (stream, length) => {
      stream.#pipe.left = length;
      setFixedLength(stream.#pipe.readable, length);
    };
  }

  constructor(strategy: unknown = undefined) {
    this.#pipe = new IdentityPipe(toDictionary<PipeStrategy>(strategy, "The queuing strategy"));
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

class IdentityPipe extends BytePipe {
  /** Bytes that have yet to come; null where any number may. */
  left: number | null = null;

  protected async take(bytes: Uint8Array): Promise<void> {
    if (this.left !== null) {
      if (TypedArrayByteLength(bytes) > this.left) {
        throw new TypeError("Attempt to write too many bytes through a FixedLengthStream.");
      }
      this.left -= TypedArrayByteLength(bytes);
    }
    await this.emit(bytes);
  }

  protected async finish(): Promise<void> {
    if (this.left !== null && this.left > 0) {
      this.failReader(
        new TypeError("FixedLengthStream did not see all expected bytes before close()."),
      );
    }
  }
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
