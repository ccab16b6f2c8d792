// One document on its way through lol-html. Nothing happens until somebody reads; then as much of
// the input is read as it takes to have some output, and what there is is handed over before anything
// is waited for: more of the input, or a handler's promise.

import { type AsyncContext, encodeUtf8, getAsyncContext, setAsyncContext } from "../../engine.js";
import { onEnd, requireOwner, requireRequest } from "../../io.js";
import { PromiseResolve, PromiseThen, TypedArrayByteLength, viewBytes } from "../../primordials.js";
import { SOURCE } from "../../web/gateway_body.js";
import type { ByteSource } from "../../web/streams.js";
import type { Charset } from "./charset.js";
import type { Chunks } from "./chunks.js";
import { Handle, type Token } from "./handle.js";
import { Insertion, Insertions, MARK_SIZE } from "./insertions.js";
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
/** Bytes of memory of an instance: enough for the 3 MiB that the platform lets lol-html have while
 * they are copied to a larger place, and for everything else. */
const MOST_MEMORY = 8 << 20;

export class Transformation implements Owner, ByteSource {
  readonly #source: Chunks;
  readonly #registrations: readonly Registration[];
  readonly #charset: Charset | null;
  readonly #insertions = new Insertions();
  readonly #output = new Output();
  readonly #owner = requireRequest();
  /** Handlers run in the context that transform() was called in, as on the platform. */
  readonly #context: AsyncContext | undefined = getAsyncContext();
  #lol: LolHtml | null = null;
  #started = false;
  /** Nothing more will be written. */
  #over = false;
  #failed = false;
  #failure: unknown;
  /** A handler has thrown. */
  #thrown = false;
  /** Whoever reads is waiting for output. */
  #tellReader: (() => void) | null = null;
  /** The rewriter is waiting until what there is has been read, and more is wanted. */
  #tellWriter: (() => void) | null = null;
  /** The token of the handler that runs. */
  #current: Handle | null = null;
  /** Ends lol-html's waiting for that handler. */
  #stopWaiting: ((reason: unknown) => void) | null = null;

  constructor(source: Chunks, registrations: readonly Registration[], charset: Charset | null) {
    this.#source = source;
    this.#registrations = registrations;
    this.#charset = charset;
  }

  // --- The reader's side --------------------------------------------------------------------------

  async pull(): Promise<Uint8Array | null> {
    requireOwner(this.#owner, SOURCE);
    if (!this.#started) {
      this.#started = true;
      void this.#run();
    }
    for (;;) {
      const first = this.#output.first();
      if (first instanceof Insertion) {
        const text = await this.#read(first);
        if (text !== null) return this.#encode(text);
        this.#output.dropFirst();
      } else if (first !== null) {
        return first;
      } else if (this.#over) {
        if (this.#failed) throw this.#failure;
        return null;
      } else {
        await new Promise<void>((resolve) => {
          this.#tellReader = resolve;
          const tell = this.#tellWriter;
          this.#tellWriter = null;
          tell?.();
        });
      }
    }
  }

  async #read(insertion: Insertion): Promise<string | null> {
    try {
      return await insertion.next();
    } catch (error) {
      this.cancel(error);
      throw error;
    }
  }

  #encode(text: string): Uint8Array {
    if (this.#charset === null) return encodeUtf8(text);
    const wide = encodeUtf8(this.#charset.write(text));
    return this.#charset.narrow(wide, 0, TypedArrayByteLength(wide));
  }

  cancel(reason: unknown): void {
    this.#output.cancel(reason);
    if (this.#over) return;
    this.#over = true;
    this.#giveUp(reason);
  }

  // --- The rewriter's side ------------------------------------------------------------------------

  async #run(): Promise<void> {
    const forget = onEnd(this.#owner, () => this.cancel(new TypeError("The request has ended.")));
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
    forget();
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
    // Until all output has been read, and more is wanted.
    for (;;) {
      this.#announce();
      if (this.#over || (this.#output.isEmpty && this.#tellReader !== null)) return;
      await new Promise<void>((resolve) => {
        this.#tellWriter = resolve;
      });
    }
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
    // A stack that waits forever would be memory that nobody frees.
    this.#stopWaiting?.(reason);
    this.#source.cancel(reason);
    this.#insertions.cancelAll(reason);
  }

  /** There may be output that somebody is waiting for. */
  #announce(): void {
    if (this.#output.isEmpty) return;
    const tell = this.#tellReader;
    this.#tellReader = null;
    tell?.();
  }

  // --- What lol-html asks for ---------------------------------------------------------------------

  write(memory: Uint8Array, start: number, end: number): void {
    let from = start;
    while (this.#insertions.some) {
      const found = this.#insertions.find(memory, from, end);
      if (found === null) break;
      this.#add(memory, from, found[0]);
      this.#output.insert(found[1]);
      from = found[0] + MARK_SIZE;
    }
    this.#add(memory, from, end);
  }

  #add(bytes: Uint8Array, start: number, end: number): void {
    if (this.#charset === null) {
      this.#output.add(bytes, start, end);
    } else {
      const narrow = this.#charset.narrow(bytes, start, end);
      this.#output.add(narrow, 0, TypedArrayByteLength(narrow));
    }
  }

  handle(handler: Handler, kind: TokenKind, pointer: number): Promise<void> | null {
    const lol = this.#lol;
    if (lol === null) throw new TypeError("Nobody reads the document any more.");
    const handle = new Handle(kind, lol, pointer, this.#insertions);
    this.#current = handle;
    let result: unknown;
    try {
      result = this.#call(handler, newToken(handle));
    } catch (error) {
      this.#thrown = true;
      throw error;
    }
    if ((typeof result !== "object" || result === null) && typeof result !== "function") {
      this.#end(handle);
      return null;
    }
    this.#announce();
    // Not what then() gives, which a Worker's class of promises has a say in.
    return new Promise<void>((resolve, reject) => {
      this.#stopWaiting = reject;
      PromiseThen(
        PromiseResolve(result),
        () => {
          this.#stopWaiting = null;
          if (this.#over) return;
          this.#end(handle);
          resolve();
        },
        (error) => {
          this.#stopWaiting = null;
          this.#thrown = true;
          reject(error);
        },
      );
    });
  }

  #end(handle: Handle): void {
    this.#current = null;
    handle.expire();
    handle.lol.exports[`__wbg_${handle.kind}_free`](handle.pointer);
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
