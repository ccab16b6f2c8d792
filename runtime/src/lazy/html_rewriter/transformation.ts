// One document on its way through lol-html. Nothing happens until somebody reads; then as much of
// the input is read as it takes to have some output, and what there is is handed over before anything
// is waited for: more of the input, a handler's promise, a stream that is inserted.

import { type AsyncContext, encodeUtf8, getAsyncContext, setAsyncContext } from "../../engine.js";
import { currentRequest, requireOwner } from "../../io.js";
import {
  copyBytes,
  PromiseResolve,
  PromiseThen,
  TypedArrayByteLength,
  viewBytes,
} from "../../primordials.js";
import { SOURCE } from "../../web/gateway_body.js";
import type { ByteSource } from "../../web/streams.js";
import type { Charset } from "./charset.js";
import type { Chunks } from "./chunks.js";
import { Handle, type Token } from "./handle.js";
import { type Insertion, Insertions, MARK_SIZE } from "./insertions.js";
import {
  type Handler,
  type Handlers,
  type LolHtml,
  type Owner,
  type TokenKind,
  takeLolHtml,
} from "./lol_html.js";
import { Output } from "./output.js";
import { newToken } from "./tokens.js";

const { Promise, TypeError } = globalThis;
const { apply } = Reflect;

/** What on() was called with; without a selector, onDocument(). */
export interface Registration {
  readonly selector: string | null;
  readonly handlers: Handlers;
}

/** Bytes that lol-html is given at a time. */
const PIECE = 64 << 10;
/** Bytes of output that nobody has read, at which lol-html has to wait. */
const MOST_UNREAD = 64 << 10;
/** Bytes of memory of an instance: enough for the 3 MiB that the platform lets lol-html have while
 * they are copied to a larger place, and for everything else. */
const MOST_MEMORY = 8 << 20;

export class Transformation implements Owner, ByteSource {
  readonly #source: Chunks;
  readonly #registrations: readonly Registration[];
  readonly #charset: Charset | null;
  readonly #insertions = new Insertions();
  readonly #output = new Output();
  readonly #owner = currentRequest();
  /** Handlers run in the context that transform() was called in, as on the platform. */
  readonly #context: AsyncContext | undefined = getAsyncContext();
  #lol: LolHtml | null = null;
  #started = false;
  #over = false;
  #failed = false;
  /** A handler has thrown. */
  #thrown = false;
  #failure: unknown;
  /** Whoever reads is waiting for output. */
  #tellReader: (() => void) | null = null;
  /** The rewriter is waiting until what there is has been read, and more is wanted. */
  #tellWriter: (() => void) | null = null;
  /** The output that is being written, from a mark on. */
  #marked: Uint8Array | null = null;
  #insertion: Insertion | null = null;
  /** The token of the handler that runs. */
  #current: Handle | null = null;

  constructor(source: Chunks, registrations: readonly Registration[], charset: Charset | null) {
    this.#source = source;
    this.#charset = charset;
    this.#registrations = registrations;
  }

  // --- The reader's side --------------------------------------------------------------------------

  async pull(): Promise<Uint8Array | null> {
    requireOwner(this.#owner, SOURCE);
    if (!this.#started) {
      this.#started = true;
      void this.#run();
    }
    while (this.#output.size === 0 && !this.#over) {
      await new Promise<void>((resolve) => {
        this.#tellReader = resolve;
        const tell = this.#tellWriter;
        this.#tellWriter = null;
        tell?.();
      });
    }
    if (this.#output.size > 0) return this.#output.take();
    if (this.#failed) throw this.#failure;
    return null;
  }

  cancel(reason: unknown): void {
    if (this.#over) return;
    this.#over = true;
    this.#giveUp(reason);
  }

  // --- The rewriter's side ------------------------------------------------------------------------

  async #run(): Promise<void> {
    try {
      const lol = this.#begin();
      let chunk = await this.#source.next();
      while (chunk !== null) {
        const size = TypedArrayByteLength(chunk);
        for (let at = 0; at < size && !this.#over; at += PIECE) {
          await this.#rewrite(lol, viewBytes(chunk, at, at + PIECE < size ? at + PIECE : size));
        }
        chunk = this.#over ? null : await this.#source.next();
      }
      if (this.#charset !== null && !this.#over) await this.#rewrite(lol, null);
      if (this.#over) return;
      await lol.end();
      if (this.#over) return;
      lol.release();
      this.#insertions.cancelAll(new TypeError("The content that this was to be in was removed."));
    } catch (error) {
      if (this.#over) return;
      // lol-html gives its own errors as strings.
      const own = !this.#thrown && typeof error === "string";
      this.#failed = true;
      this.#failure = own ? new TypeError(`Parser error: ${error}`) : error;
      this.#giveUp(this.#failure);
    }
    this.#over = true;
    this.#tellReader?.();
  }

  /** Null stands for what is left at the end. */
  async #rewrite(lol: LolHtml, piece: Uint8Array | null): Promise<void> {
    const bytes = this.#charset === null ? piece : this.#charset.widen(piece);
    await lol.write(bytes as Uint8Array);
    if (lol.memorySize() > MOST_MEMORY) {
      throw new TypeError("Parser error: The memory limit has been exceeded.");
    }
    await this.#room();
  }

  #begin(): LolHtml {
    const lol = takeLolHtml(this.#charset);
    lol.setOwner(this);
    for (let i = 0; i < this.#registrations.length; i++) {
      const { selector, handlers } = this.#registrations[i] as Registration;
      if (selector === null) lol.onDocument(handlers);
      else lol.on(selector, handlers);
    }
    this.#lol = lol;
    return lol;
  }

  #giveUp(reason: unknown): void {
    this.#lol = null;
    this.#current?.expire();
    this.#source.cancel(reason);
    this.#insertions.cancelAll(reason);
    this.#insertion?.cancel(reason);
  }

  /** There may be output that somebody is waiting for. */
  #announce(): void {
    if (this.#output.size === 0) return;
    const tell = this.#tellReader;
    this.#tellReader = null;
    tell?.();
  }

  /** Waits until all output has been taken, and more is wanted. */
  async #room(): Promise<void> {
    for (;;) {
      this.#announce();
      if (this.#over || (this.#output.size === 0 && this.#tellReader !== null)) return;
      await new Promise<void>((resolve) => {
        this.#tellWriter = resolve;
      });
    }
  }

  // --- What lol-html asks for ---------------------------------------------------------------------

  write(memory: Uint8Array, start: number, end: number): void {
    const found = this.#insertions.some ? this.#insertions.find(memory, start, end) : null;
    if (found === null) {
      this.#add(memory, start, end);
      return;
    }
    this.#add(memory, start, found[0]);
    this.#insertion = found[1];
    this.#marked = copyBytes(memory, found[0] + MARK_SIZE, end);
  }

  #add(bytes: Uint8Array, start: number, end: number): void {
    if (this.#charset === null) {
      this.#output.add(bytes, start, end);
    } else {
      const narrow = this.#charset.narrow(bytes, start, end);
      this.#output.add(narrow, 0, TypedArrayByteLength(narrow));
    }
  }

  written(): Promise<void> | null {
    if (this.#insertion !== null) return this.#insertAll();
    return this.#output.size > MOST_UNREAD ? this.#room() : null;
  }

  /** Copies a stream to where its mark was, and what comes after it. */
  async #insertAll(): Promise<void> {
    while (this.#insertion !== null) {
      const insertion = this.#insertion;
      this.#announce();
      for (let text = await insertion.next(); text !== null; text = await insertion.next()) {
        this.#requireReader();
        const bytes = encodeUtf8(this.#charset === null ? text : this.#charset.write(text));
        this.#add(bytes, 0, TypedArrayByteLength(bytes));
        await this.#room();
      }
      this.#requireReader();
      this.#insertion = null;
      const rest = this.#marked as Uint8Array;
      this.write(rest, 0, TypedArrayByteLength(rest));
    }
  }

  #requireReader(): void {
    if (this.#over) throw new TypeError("Nobody reads the document any more.");
  }

  handle(handler: Handler, kind: TokenKind, pointer: number): Promise<void> | null {
    this.#requireReader();
    const lol = this.#lol as LolHtml;
    const handle = new Handle(kind, lol, pointer, this.#insertions);
    const end = (): void => {
      this.#current = null;
      handle.expire();
      lol.exports[`__wbg_${kind}_free`](pointer);
    };
    this.#current = handle;
    let result: unknown;
    try {
      result = this.#call(handler, newToken(handle));
    } catch (error) {
      this.#thrown = true;
      throw error;
    }
    if ((typeof result !== "object" || result === null) && typeof result !== "function") {
      end();
      return null;
    }
    this.#announce();
    // Not what then() gives, which a Worker's class of promises has a say in.
    return new Promise<void>((resolve, reject) => {
      PromiseThen(
        PromiseResolve(result),
        () => {
          // Once nobody reads any more, lol-html is left waiting, for the garbage collector.
          if (this.#over) return;
          end();
          resolve();
        },
        (error) => {
          this.#thrown = true;
          reject(error);
        },
      );
    });
  }

  #call({ callback, self }: Handler, token: Token): unknown {
    const before = getAsyncContext();
    setAsyncContext(this.#context);
    try {
      return apply(callback, self, [token]);
    } finally {
      setAsyncContext(before);
    }
  }
}
