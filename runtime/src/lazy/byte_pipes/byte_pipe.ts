// A writable and a readable end for bytes, with something between them: what IdentityTransformStream
// and CompressionStream are made of. https://developers.cloudflare.com/workers/runtime-apis/streams/
//
// What is given to the readable end waits for somebody to read it, and the write that it came from
// waits with it, unless the pipe has room. Bytes are copied on the way in, so that the writer may use
// its buffer again when the write has settled.

import { encodeUtf8 } from "../../engine.js";
import { currentRequest, requireOwner } from "../../io.js";
import { copyBytes, TypedArrayByteLength } from "../../primordials.js";
import { type AbortSignal, abortReason, addAbortAlgorithm } from "../../web/abort.js";
import { SOURCE } from "../../web/gateway_body.js";
import {
  bytesOf,
  type ReadableByteStreamController,
  ReadableStream,
  WritableStream,
  type WritableStreamDefaultController,
} from "../../web/streams.js";

const { Promise, TypeError } = globalThis;

export interface PipeStrategy {
  highWaterMark: number;
}

export abstract class BytePipe {
  readonly readable: ReadableStream<Uint8Array>;
  readonly writable: WritableStream<unknown>;
  /** How many bytes may wait for a reader without keeping the writer waiting. */
  protected readonly room: number = 0;
  readonly #owner = currentRequest();
  #source!: ReadableByteStreamController;
  #sink!: WritableStreamDefaultController;
  #wanted = false;
  #failed = false;
  /** One of the ends was cancelled or aborted. */
  #broken = false;
  #reason: unknown;
  #wake: (() => void) | null = null;

  constructor({ highWaterMark }: Partial<PipeStrategy>) {
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
          const signal = controller.signal as unknown as AbortSignal;
          addAbortAlgorithm(signal, () => this.#break(abortReason(signal)));
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

  /** Takes bytes, its own from here on, and emits what comes of them. What it throws breaks both ends. */
  protected abstract take(bytes: Uint8Array): Promise<void>;

  /** There is no more to take. */
  protected abstract finish(): Promise<void>;

  /** Nothing will come any more, nor be of any use. */
  protected giveUp(): void {}

  /** What is read ends with an error; who writes doesn't hear of it. */
  protected failReader(error: Error): void {
    this.#failed = true;
    this.#source.error(error);
  }

  /** Hands bytes to the reader, when there is one; throws when there will be none. */
  protected async emit(bytes: Uint8Array): Promise<void> {
    if (!this.#wanted && -(this.#source.desiredSize ?? 0) >= this.room) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
      this.#wake = null;
    }
    this.#wanted = false;
    if (this.#broken) throw this.#reason;
    this.#source.enqueue(bytes);
  }

  #demand(): void {
    requireOwner(this.#owner, SOURCE);
    this.#wanted = true;
    this.#wake?.();
  }

  #break(reason: unknown): void {
    this.#broken = true;
    this.#reason = reason;
    this.giveUp();
    this.#wake?.();
  }

  async #write(chunk: unknown): Promise<void> {
    requireOwner(this.#owner, "Writable");
    const bytes = typeof chunk === "string" ? encodeUtf8(chunk) : copyOf(chunk);
    try {
      if (bytes === undefined) {
        throw new TypeError(
          "This TransformStream is being used as a byte stream, but received an object of " +
            "non-ArrayBuffer/ArrayBufferView type on its writable side.",
        );
      }
      if (TypedArrayByteLength(bytes) > 0) await this.take(bytes);
    } catch (error) {
      this.#source.error(error);
      throw error;
    }
  }

  async #close(): Promise<void> {
    try {
      await this.finish();
    } catch (error) {
      this.#source.error(error);
      throw error;
    }
    if (this.#failed) return;
    this.#source.close();
    // A reader that brought its own buffer waits for it (Streams §4.7.4).
    this.#source.byobRequest?.respond(0);
  }
}

function copyOf(chunk: unknown): Uint8Array | undefined {
  const bytes = bytesOf(chunk);
  return bytes === undefined ? undefined : copyBytes(bytes);
}
