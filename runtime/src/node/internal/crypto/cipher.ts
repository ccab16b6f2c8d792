// https://nodejs.org/api/crypto.html#class-cipheriv

import { Transform } from "node:stream";
import { type NativeState, openNative } from "../../../natives.js";
import { bytesOf, output, secretOf } from "./bytes.js";

interface CipherOptions {
  authTagLength?: number;
}

type Done = (error?: unknown, value?: unknown) => void;

abstract class AnyCipher extends Transform {
  readonly #name: string;
  readonly #key: Uint8Array;
  readonly #iv: Uint8Array;
  protected readonly isAuthenticated: boolean;
  protected readonly tagLength: number;
  protected tag: Uint8Array | null = null;
  #additional = new Uint8Array(0);
  #padding = true;
  #state: NativeState | null = null;
  protected finished = false;

  constructor(name: string, key: unknown, iv: unknown, options: CipherOptions = {}) {
    super(options);
    this.#name = name;
    this.#key = secretOf(key, "key").slice();
    this.#iv = iv === null ? new Uint8Array(0) : bytesOf(iv, "iv").slice();
    this.isAuthenticated = /gcm$/i.test(name);
    this.tagLength = options.authTagLength ?? 16;
    this.#open().close(); // to say at once what is wrong
  }

  protected abstract readonly decrypts: boolean;
  protected abstract end_(state: NativeState): Uint8Array;

  update(data: unknown, inputEncoding?: unknown, outputEncoding?: unknown): unknown {
    if (this.finished) throw new Error("Unsupported state or unable to authenticate data");
    return output(this.#begun().step(bytesOf(data, "data", inputEncoding), false), outputEncoding);
  }

  final(encoding?: unknown): unknown {
    if (this.finished) throw new Error("Unsupported state or unable to authenticate data");
    const state = this.#begun();
    this.finished = true;
    return output(this.end_(state), encoding);
  }

  setAAD(data: unknown, _options?: object): this {
    this.#additional = bytesOf(data, "buffer").slice() as Uint8Array<ArrayBuffer>;
    return this;
  }

  setAutoPadding(padding = true): this {
    this.#padding = padding;
    return this;
  }

  #begun(): NativeState {
    this.#state ??= this.#open();
    return this.#state;
  }

  #open(): NativeState {
    const options = {
      name: this.#name,
      decrypt: this.decrypts,
      key: this.#key.length,
      iv: this.#iv.length,
      pad: this.#padding,
      tag: this.tagLength,
    };
    const state = openNative("node-cipher", options, "Cipher");
    const first = new Uint8Array(this.#key.length + this.#iv.length + this.#additional.length);
    first.set(this.#key);
    first.set(this.#iv, this.#key.length);
    first.set(this.#additional, this.#key.length + this.#iv.length);
    state.step(first, false);
    return state;
  }

  _transform(chunk: unknown, encoding: unknown, done: Done): void {
    try {
      done(null, this.update(chunk, encoding));
    } catch (error) {
      done(error);
    }
  }

  _flush(done: Done): void {
    try {
      done(null, this.final());
    } catch (error) {
      done(error);
    }
  }
}

export class Cipheriv extends AnyCipher {
  protected override get decrypts(): boolean {
    return false;
  }

  protected end_(state: NativeState): Uint8Array {
    const last = state.step(new Uint8Array(0), true);
    if (!this.isAuthenticated) return last;
    const end = last.length - this.tagLength;
    this.tag = last.slice(end);
    return last.slice(0, end);
  }

  getAuthTag(): unknown {
    if (this.tag === null) throw new Error("Invalid state for operation getAuthTag");
    return output(this.tag.slice());
  }
}

export class Decipheriv extends AnyCipher {
  protected override get decrypts(): boolean {
    return true;
  }

  protected end_(state: NativeState): Uint8Array {
    if (this.isAuthenticated && this.tag === null) {
      throw new Error("Unsupported state or unable to authenticate data");
    }
    return state.step(this.tag ?? new Uint8Array(0), true);
  }

  setAuthTag(tag: unknown, encoding?: unknown): this {
    const bytes = bytesOf(tag, "tag", encoding);
    if (bytes.length !== this.tagLength) {
      throw new TypeError(`Invalid authentication tag length: ${bytes.length}`);
    }
    this.tag = bytes.slice();
    return this;
  }
}

export function createCipheriv(
  name: string,
  key: unknown,
  iv: unknown,
  options?: CipherOptions,
): Cipheriv {
  return new Cipheriv(name, key, iv, options);
}

export function createDecipheriv(
  name: string,
  key: unknown,
  iv: unknown,
  options?: CipherOptions,
): Decipheriv {
  return new Decipheriv(name, key, iv, options);
}

export function getCiphers(): string[] {
  return ["cbc", "ctr", "ecb", "gcm"].flatMap((mode) =>
    [128, 192, 256].map((bits) => `aes-${bits}-${mode}`),
  );
}
