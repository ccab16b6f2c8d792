// CompressionStream and DecompressionStream (https://compression.spec.whatwg.org/). The host process
// computes (natives.ts), a piece at a time.
//
// As on the platform they are TransformStreams to `instanceof`, take text as well as bytes, and let
// a writer go on without a reader: for good when they compress, which gives no more than was given,
// and up to a bound when they decompress, as a few bytes may stand for gigabytes.

import { type NativeState, openNative } from "../../natives.js";
import { TypedArrayByteLength, viewBytes } from "../../primordials.js";
import { type ReadableStream, TransformStream, type WritableStream } from "../../web/streams.js";
import { defineInterface, requireArguments } from "../../web/webidl.js";
import { BytePipe } from "./byte_pipe.js";

const { min } = Math;
const { setPrototypeOf } = Object;

/** What one step of the native gets: nothing else runs meanwhile. */
const STEP = 64 * 1024;
const DECOMPRESSED_ROOM = 4 * 1024 * 1024;
const NOTHING = new Uint8Array(0);

class CompressionPipe extends BytePipe {
  protected override readonly room: number;
  readonly #state: NativeState;

  constructor(native: "compress" | "decompress", format: string, type: string) {
    super({});
    this.room = native === "compress" ? Number.POSITIVE_INFINITY : DECOMPRESSED_ROOM;
    this.#state = openNative(native, { format }, type);
  }

  protected async take(bytes: Uint8Array): Promise<void> {
    const size = TypedArrayByteLength(bytes);
    for (let at = 0; at < size; at += STEP) {
      let piece = this.#state.step(viewBytes(bytes, at, min(at + STEP, size)), false);
      while (TypedArrayByteLength(piece) > 0) {
        await this.emit(piece);
        piece = this.#state.step(NOTHING, false);
      }
    }
  }

  protected async finish(): Promise<void> {
    const rest = this.#state.step(NOTHING, true);
    if (TypedArrayByteLength(rest) > 0) await this.emit(rest);
  }

  protected override giveUp(): void {
    this.#state.close();
  }
}

export class CompressionStream {
  readonly #pipe: CompressionPipe;

  constructor(format: unknown) {
    requireArguments("CompressionStream", arguments.length, 1);
    this.#pipe = new CompressionPipe("compress", toFormat(format), "CompressionStream");
  }

  get readable(): ReadableStream<Uint8Array> {
    return this.#pipe.readable;
  }

  get writable(): WritableStream<unknown> {
    return this.#pipe.writable;
  }
}

export class DecompressionStream {
  readonly #pipe: CompressionPipe;

  constructor(format: unknown) {
    requireArguments("DecompressionStream", arguments.length, 1);
    this.#pipe = new CompressionPipe("decompress", toFormat(format), "DecompressionStream");
  }

  get readable(): ReadableStream<Uint8Array> {
    return this.#pipe.readable;
  }

  get writable(): WritableStream<unknown> {
    return this.#pipe.writable;
  }
}

for (const stream of [CompressionStream, DecompressionStream]) {
  setPrototypeOf(stream, TransformStream);
  setPrototypeOf(stream.prototype, TransformStream.prototype);
}
defineInterface("CompressionStream", CompressionStream);
defineInterface("DecompressionStream", DecompressionStream);

function toFormat(value: unknown): string {
  const format = `${value}`;
  if (
    format !== "gzip" &&
    format !== "deflate" &&
    format !== "deflate-raw" &&
    format !== "brotli"
  ) {
    throw new TypeError(
      "The compression format must be either 'deflate', 'deflate-raw', 'gzip' or 'brotli'.",
    );
  }
  return format;
}
