// A body that the gateway holds, seen from inside the isolate.

import {
  currentRequest,
  discardStream,
  pullStream,
  type RequestContext,
  requireOwner,
} from "../io.js";
import { type ReadableStream, streamOfBytes } from "./streams.js";

/** The platform's name for what a body comes from. */
export const SOURCE = "ReadableStreamSource";

export class GatewayBody {
  readonly #stream: number;
  readonly #owner: RequestContext | null = currentRequest();
  readonly #onEnd: (() => void) | null;
  /** Nothing more will come through here. */
  #over = false;
  #failed = false;
  #failure: unknown;
  /** Errors the stream that was made of this. */
  #failStream: ((reason: unknown) => void) | null = null;

  /** `onEnd` is called when the body has been read or given up here. */
  constructor(stream: number, onEnd: (() => void) | null) {
    this.#stream = stream;
    this.#onEnd = onEnd;
  }

  /** The next bytes, null at the end. With `gather` they may come late, and many at once. */
  async pull(gather = false): Promise<Uint8Array | null> {
    this.requireOwner();
    if (this.#failed) throw this.#failure;
    let chunk: Uint8Array | null;
    try {
      chunk = await pullStream(this.#stream, gather);
    } catch (error) {
      this.#end();
      throw error;
    }
    if (this.#failed) throw this.#failure;
    if (chunk === null) this.#end();
    return chunk;
  }

  /** Nobody wants the rest. */
  discard(): void {
    if (this.#over) return;
    this.#end();
    discardStream(this.#stream);
  }

  /** Gives the body back to the gateway, which knows it by this number. */
  pass(): number {
    this.requireOwner();
    if (this.#failed) throw this.#failure;
    this.#over = true;
    return this.#stream;
  }

  /** Breaks the body off, for those who read it here. */
  fail(reason: unknown): void {
    if (this.#over) return;
    this.#failed = true;
    this.#failure = reason;
    this.discard();
    this.#failStream?.(reason);
  }

  toStream(): ReadableStream<Uint8Array> {
    const { stream, fail } = streamOfBytes({
      pull: () => this.pull(),
      cancel: () => {
        this.requireOwner();
        this.discard();
      },
    });
    this.#failStream = fail;
    return stream;
  }

  /** The body is for the request that it came in or was fetched by. */
  requireOwner(): void {
    requireOwner(this.#owner, SOURCE);
  }

  #end(): void {
    this.#over = true;
    this.#onEnd?.();
  }
}
