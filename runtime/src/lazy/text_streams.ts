// TextEncoderStream and TextDecoderStream (Encoding §7.5 and §7.6).

import { encodeUtf8 } from "../engine.js";
import { StringCharCodeAt, StringSlice, StringToWellFormed } from "../primordials.js";
import { decodeText, TextDecoder } from "../web/encoding.js";
import { bytesOf, TransformStream } from "../web/streams.js";
import { defineInterface } from "../web/webidl.js";

export class TextEncoderStream extends TransformStream<unknown, Uint8Array> {
  constructor() {
    /** The first half of a character, which waits for its second. */
    let pending = "";
    super({
      transform(chunk, controller) {
        let text = `${pending}${chunk as string}`;
        pending = "";
        const last = StringCharCodeAt(text, text.length - 1);
        if (last >= 0xd800 && last <= 0xdbff) {
          pending = StringSlice(text, text.length - 1);
          text = StringSlice(text, 0, text.length - 1);
        }
        if (text !== "") controller.enqueue(encodeUtf8(StringToWellFormed(text)));
      },
      flush(controller) {
        if (pending !== "") controller.enqueue(encodeUtf8("\ufffd"));
      },
    });
  }

  get encoding(): string {
    return "utf-8";
  }
}

defineInterface("TextEncoderStream", TextEncoderStream);

export class TextDecoderStream extends TransformStream<unknown, string> {
  readonly #decoder: TextDecoder;

  constructor(label: string = "utf-8", options: unknown = undefined) {
    const decoder = new TextDecoder(label, options);
    super({
      transform(chunk, controller) {
        const bytes = bytesOf(chunk);
        if (bytes === undefined) {
          throw new TypeError(
            "This TransformStream is being used as a byte stream, but received a value that is " +
              "not a BufferSource.",
          );
        }
        const text = decodeText(decoder, bytes, true);
        if (text !== "") controller.enqueue(text);
      },
      flush(controller) {
        const text = decodeText(decoder, new Uint8Array(0), false);
        if (text !== "") controller.enqueue(text);
      },
    });
    this.#decoder = decoder;
  }

  get encoding(): string {
    return this.#decoder.encoding;
  }

  get fatal(): boolean {
    return this.#decoder.fatal;
  }

  get ignoreBOM(): boolean {
    return this.#decoder.ignoreBOM;
  }
}

defineInterface("TextDecoderStream", TextDecoderStream);
