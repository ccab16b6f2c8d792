// crypto.DigestStream: a hash of all that is written to it, without keeping any of it.
// https://developers.cloudflare.com/workers/runtime-apis/web-crypto/#constructors

import { encodeUtf8, isAnyArrayBuffer } from "../../engine.js";
import { openNative } from "../../natives.js";
import { bytesOfView, ignoreRejection, TypedArrayByteLength } from "../../primordials.js";
import { WritableStream } from "../../web/streams.js";
import { defineInterface } from "../../web/webidl.js";
import { bufferOf } from "./compute.js";
import { toHash } from "./params.js";

const { isView } = ArrayBuffer;

export class DigestStream extends WritableStream<unknown> {
  readonly #digest: Promise<ArrayBuffer>;
  #written = 0;

  constructor(algorithm: unknown) {
    const state = openNative("digest", { hash: toHash(algorithm) }, "DigestStream");
    let resolve: (digest: ArrayBuffer) => void;
    let reject: (reason: unknown) => void;
    const digest = new Promise<ArrayBuffer>((resolve_, reject_) => {
      resolve = resolve_;
      reject = reject_;
    });
    // Whoever looks at the stream's own failure needs not look at the digest's.
    ignoreRejection(digest);
    const give = (bytes: Uint8Array, end: boolean): Uint8Array => {
      this.#written += TypedArrayByteLength(bytes);
      return state.step(bytes, end);
    };
    /** What breaks the stream breaks the digest. */
    const attempt = (action: () => void): void => {
      try {
        action();
      } catch (error) {
        state.close();
        reject(error);
        throw error;
      }
    };
    super({
      write: (chunk) => attempt(() => give(toBytes(chunk), false)),
      close: () => attempt(() => resolve(bufferOf(give(new Uint8Array(0), true)))),
      abort(reason) {
        state.close();
        reject(reason);
      },
    });
    this.#digest = digest;
  }

  get digest(): Promise<ArrayBuffer> {
    return this.#digest;
  }

  get bytesWritten(): number {
    return this.#written;
  }
}

defineInterface("DigestStream", DigestStream);

function toBytes(chunk: unknown): Uint8Array {
  if (typeof chunk === "string") return encodeUtf8(chunk);
  if (isView(chunk)) return bytesOfView(chunk as ArrayBufferView);
  if (isAnyArrayBuffer(chunk)) return new Uint8Array(chunk);
  throw new TypeError("DigestStream is a byte stream but received an object of non-byte type.");
}
