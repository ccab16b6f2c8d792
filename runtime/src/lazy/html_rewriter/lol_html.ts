// lol-html, the platform's own streaming rewriter of HTML, as WebAssembly. The module is the npm
// package @worker-tools/html-rewriter's; what surrounds it there is not used, as it trusts the
// globals of the moment, shares one instance among all rewriters, and lets handlers wait by Asyncify,
// which allows one of them at a time.
//
// Here each rewriter has an instance of its own, and a handler that gives a promise suspends the
// WebAssembly code by JavaScript Promise Integration, in the place that was made for Asyncify. What the imports are and what they mean is
// wasm-bindgen's business (0.2.74): objects cross as indexes into a list, strings as UTF-8.
//
// Whatever is thrown by an import unwinds lol-html without its cleaning up: such an instance is never
// used again. One that got to its end serves the next rewriter.

import { encodeUtf8 } from "../../engine.js";
import { host } from "../../host.js";
import {
  ArrayPop,
  ignoreRejection,
  StringCharCodeAt,
  StringIsWellFormed,
  StringSlice,
  StringToWellFormed,
  safeList,
  TypedArrayByteLength,
  TypedArraySet,
  viewBytes,
} from "../../primordials.js";
import { unchargedly } from "../../uncharged.js";
import { utf8DecodeWithoutBOM } from "../../web/url_utf8.js";
import {
  compileModule,
  countMemory,
  instanceExports,
  memoryBuffer,
  NativeInstance,
  promising,
  Suspending,
} from "../../web/webassembly.js";
import type { Charset } from "./charset.js";
import { escapeText } from "./escape.js";

const { Error, TypeError, Uint8Array } = globalThis;

export type TokenKind = "comment" | "doctype" | "documentend" | "element" | "endtag" | "textchunk";

/** Which content a handler is for; the names are those that Workers give. */
export type ContentKind = "comments" | "doctype" | "element" | "end" | "text";

/** A function of the Worker's, and what it is called on. */
export interface Handler {
  readonly callback: (token: unknown) => unknown;
  readonly self: unknown;
}

export type Handlers = Readonly<Record<ContentKind, Handler | null>>;

/** Who uses an instance. */
export interface Owner {
  /** Output, to be copied at once. */
  write(memory: Uint8Array, start: number, end: number): void;
  /** A promise makes lol-html wait. */
  handle(handler: Handler, kind: TokenKind, pointer: number): Promise<void> | null;
}

export type Name =
  | "__wbindgen_add_to_stack_pointer"
  | "__wbindgen_free"
  | "__wbindgen_malloc"
  | `__wbg_${TokenKind | "htmlrewriter"}_free`
  | `htmlrewriter_${"new" | "on" | "onDocument" | "write" | "end"}`
  | `${"comment" | "element" | "endtag" | "textchunk"}_${"before" | "after" | "remove"}`
  | `${"comment" | "element" | "textchunk"}_${"removed" | "replace"}`
  | `doctype_${"name" | "public_id" | "system_id"}`
  | `element_${"append" | "prepend" | "setInnerContent" | "removeAndKeepContent" | "onEndTag"}`
  | `element_${"tag_name" | "set_tag_name" | "namespace_uri" | "attributes"}`
  | `element_${"getAttribute" | "hasAttribute" | "setAttribute" | "removeAttribute"}`
  | `textchunk_${"text" | "last_in_text_node"}`
  | `${"comment_text" | "comment_set_text" | "endtag_name" | "endtag_set_name"}`;

type Exports = { readonly memory: WebAssembly.Memory } & {
  readonly [name in Name]: (...values: number[]) => number;
};

// What wasm-bindgen has fixed places for.
const UNDEFINED = 32;
const NULL = 33;
const TRUE = 34;
const FALSE = 35;
/** Below are fixed places, and such as WebAssembly code keeps for itself. */
const FIRST_FREE = 36;
/** What stands for an object wherever only one is possible. */
const THE_ONLY = TRUE;
export const NONE = 0;
/** A boolean that may be missing. */
const MISSING = 0xffffff;

/** Bytes on WebAssembly's stack for two numbers. */
const PAIR = 16;
/** Instances that are kept for the next rewriters. */
const MOST_IDLE = 2;
/** An instance that has more memory than this is not kept, in bytes. */
const MOST_IDLE_BYTES = 2 << 20;

/** What is in the list for the function that takes the output. */
const SINK = { sink: true };

/** What may have no references to characters, and what it is called. */
const ENCODABLE: { readonly [name in Name]?: string } = {
  // @ts-expect-error: a record of our own has no prototype
  __proto__: null,
  comment_set_text: "Comment text",
  element_set_tag_name: "The tag name",
  endtag_set_name: "The tag name",
};

interface TokenEntry {
  readonly kind: TokenKind;
  readonly pointer: number;
}

let module: WebAssembly.Module | null = null;
const idle = safeList<LolHtml>();

/** What V8 compiles when it is first called: the way through lol-html, with handlers of all kinds. */
const SAMPLE =
  "<!doctype html><!--c--><p a=b class='c'>text<b>&amp;</b></p><br/><script>x</script><a href";
const NOTHING = { callback: () => undefined, self: undefined };
const ALL: Handlers = {
  comments: NOTHING,
  doctype: NOTHING,
  element: NOTHING,
  end: NOTHING,
  text: NOTHING,
};

/** An instance with a new rewriter, whose owner is yet to be set. */
export function takeLolHtml(charset: Charset | null = null): LolHtml {
  if (module === null) {
    module = unchargedly(() => compileModule(host.lazyBinary("lol_html")));
    unchargedly(warmUp);
  }
  const lol = idle.length > 0 ? ArrayPop(idle) : new LolHtml();
  lol.begin(charset);
  return lol;
}

function warmUp(): void {
  const lol = new LolHtml();
  lol.begin(null);
  lol.setOwner({
    write() {},
    handle(_handler, kind, pointer) {
      if (kind === "element") lol.setAttribute(pointer, "a", "b");
      lol.exports[`__wbg_${kind}_free`](pointer);
      return null;
    },
  });
  lol.on("*", ALL);
  lol.on("p.c > b[a='b'], a:not(:nth-child(2))", ALL);
  lol.onDocument(ALL);
  // As nothing is waited for, they have done all they do when they give their promise.
  ignoreRejection(lol.write(encodeUtf8(SAMPLE)));
  ignoreRejection(lol.end());
  lol.release();
}

export class LolHtml {
  readonly exports: Exports;
  readonly #write: (...values: number[]) => Promise<number>;
  readonly #end: (...values: number[]) => Promise<number>;
  #owner: Owner | null = null;
  #charset: Charset | null = null;
  #rewriter = 0;
  #objects = safeList<unknown>();
  #free = safeList<number>();
  #memory: Uint8Array = new Uint8Array(0);

  constructor() {
    const instance = new NativeInstance(module as WebAssembly.Module, {
      __proto__: null,
      wbg: this.#imports(),
    });
    this.exports = instanceExports(instance) as Exports;
    countMemory(this.exports.memory);
    this.#write = promising(this.exports.htmlrewriter_write);
    this.#end = promising(this.exports.htmlrewriter_end);
  }

  /** Makes a rewriter. */
  begin(charset: Charset | null): void {
    this.#charset = charset;
    for (let i = 0; i < FIRST_FREE; i++) this.#objects[i] = undefined;
    this.#objects[NULL] = null;
    this.#objects[TRUE] = true;
    this.#objects[FALSE] = false;
    this.#rewriter = this.exports.htmlrewriter_new(this.#add(SINK), NONE);
  }

  /** Throws the TypeError of the platform's for what is no selector. */
  on(selector: string, handlers: Handlers): void {
    this.callWith("htmlrewriter_on", this.#rewriter, selector, this.#add(handlers));
  }

  onDocument(handlers: Handlers): void {
    this.exports.htmlrewriter_onDocument(this.#rewriter, this.#add(handlers));
  }

  setOwner(owner: Owner): void {
    this.#owner = owner;
  }

  write(bytes: Uint8Array): Promise<unknown> {
    return this.#write(this.#rewriter, this.#put(bytes), TypedArrayByteLength(bytes));
  }

  end(): Promise<unknown> {
    return this.#end(this.#rewriter);
  }

  /** After the end, or if nothing has been written: the instance may serve another rewriter. */
  release(): void {
    this.exports.__wbg_htmlrewriter_free(this.#rewriter);
    this.#owner = null;
    this.#objects = safeList();
    this.#free = safeList();
    if (idle.length < MOST_IDLE && this.memorySize() <= MOST_IDLE_BYTES) idle[idle.length] = this;
  }

  /** Bytes of memory that the instance has. */
  memorySize(): number {
    return TypedArrayByteLength(this.#bytes());
  }

  /** Copies bytes into the instance's memory; who gets the address frees them. */
  #put(bytes: Uint8Array): number {
    const at = this.exports.__wbindgen_malloc(TypedArrayByteLength(bytes));
    TypedArraySet(this.#bytes(), bytes, at);
    return at;
  }

  /** Calls something that may throw, which would leave WebAssembly's stack as it was meanwhile. */
  #guard<T>(call: () => T): T {
    const { __wbindgen_add_to_stack_pointer: move } = this.exports;
    const top = move(0);
    try {
      return call();
    } catch (error) {
      move(top - move(0));
      throw error;
    }
  }

  /** Calls a function of a token that takes a string and no more than a number. */
  callWith(name: Name, pointer: number, text: string, option: number = NONE): number {
    const bytes = this.#encode(text, ENCODABLE[name] ?? null);
    const size = TypedArrayByteLength(bytes);
    return this.#guard(() => this.exports[name](pointer, this.#put(bytes), size, option));
  }

  /** Adds to the output, at its end: lol-html's own function would call for the output while code of
   * the Worker runs, which can't be suspended. */
  append(text: string): void {
    const bytes = this.#encode(text);
    (this.#owner as Owner).write(bytes, 0, TypedArrayByteLength(bytes));
  }

  /** What a function gives by writing address and length of a string. */
  text(read: (result: number, pointer: number) => number, pointer: number): string {
    const { exports } = this;
    const result = exports.__wbindgen_add_to_stack_pointer(-PAIR);
    read(result, pointer);
    const at = this.#number(result);
    const size = this.#number(result + 4);
    exports.__wbindgen_add_to_stack_pointer(PAIR);
    const text = this.#decode(at, size);
    exports.__wbindgen_free(at, size);
    return text;
  }

  /** The object that a function has given the index of. */
  take(index: number): unknown {
    const object = this.#objects[index];
    this.#drop(index);
    return object;
  }

  /** before(), append() and the like. */
  insert(name: Name, pointer: number, text: string, html: boolean): void {
    // References to characters that the document's encoding hasn't got are not to be escaped.
    if (html || this.#charset === null) this.callWith(name, pointer, text, html ? TRUE : NONE);
    else this.callWith(name, pointer, escapeText(text), TRUE);
  }

  setAttribute(pointer: number, name: string, value: string): void {
    const names = this.#encode(name, "The attribute name");
    const values = this.#encode(value);
    const size = TypedArrayByteLength(names);
    this.#guard(() => {
      const at = this.#put(names);
      const valueAt = this.#put(values);
      this.exports.element_setAttribute(pointer, at, size, valueAt, TypedArrayByteLength(values));
    });
  }

  onEndTag(pointer: number, handler: Handler): void {
    this.#guard(() => this.exports.element_onEndTag(pointer, this.#add(handler)));
  }

  #add(object: unknown): number {
    const index = this.#free.length > 0 ? ArrayPop(this.#free) : this.#objects.length;
    this.#objects[index] = object;
    return index;
  }

  #drop(index: number): void {
    if (index < FIRST_FREE) return;
    this.#objects[index] = undefined;
    this.#free[this.#free.length] = index;
  }

  /** All of the memory. It gets another buffer when it grows. */
  #bytes(): Uint8Array {
    if (TypedArrayByteLength(this.#memory) === 0) {
      this.#memory = new Uint8Array(memoryBuffer(this.exports.memory));
    }
    return this.#memory;
  }

  #number(at: number): number {
    const bytes = this.#bytes();
    const low = (bytes[at] as number) | ((bytes[at + 1] as number) << 8);
    return low | ((bytes[at + 2] as number) << 16) | ((bytes[at + 3] as number) << 24);
  }

  #decode(at: number, size: number): string {
    if (size === 0) return "";
    const text = utf8DecodeWithoutBOM(viewBytes(this.#bytes(), at, at + size));
    return this.#charset === null ? text : this.#charset.read(text);
  }

  /** lol-html takes strings without lone surrogates only. `what` may have no character that the
   * document's encoding hasn't got. */
  #encode(text: string, what: string | null = null): Uint8Array {
    if (!StringIsWellFormed(text)) throw loneSurrogate(text);
    return encodeUtf8(this.#charset === null ? text : this.#charset.write(text, what));
  }

  #handler(index: number, kind: ContentKind): number {
    const handler = (this.#objects[index] as Handlers)[kind];
    return handler === null ? NONE : this.#add(handler);
  }

  #token(kind: TokenKind, pointer: number): number {
    return this.#add({ kind, pointer });
  }

  /** Calls a handler. The output is a function as well, but has been taken by then. */
  #call(target: number, argument: number): number {
    const handler = this.#objects[target] as Handler | typeof SINK;
    if (handler === SINK) return UNDEFINED;
    const { kind, pointer } = this.#objects[argument] as TokenEntry;
    const waiting = (this.#owner as Owner).handle(handler as Handler, kind, pointer);
    return waiting === null ? UNDEFINED : this.#add(waiting);
  }

  #imports(): object {
    const add = (object: unknown): number => this.#add(object);
    const theOnly = (): number => THE_ONLY;
    const unexpected = (): never => {
      throw new Error("The HTML rewriter has come to an end that it does not know.");
    };
    return {
      __proto__: null,
      __wbindgen_object_drop_ref: (index: number) => this.#drop(index),
      __wbindgen_object_clone_ref: (index: number) => add(this.#objects[index]),
      __wbindgen_string_new: (at: number, size: number) => add(this.#decode(at, size)),
      __wbindgen_rethrow: (index: number) => {
        throw this.take(index);
      },
      __wbindgen_throw: unexpected,
      __wbindgen_debug_string: unexpected,
      __wbg_String_60c4ba333b5ca1c6: unexpected,
      // The class of errors.
      __wbg_new_917809a3e20a4b00: (at: number, size: number) =>
        add(new TypeError(this.#decode(at, size))),
      // Attributes are lists of a name and a value.
      __wbg_new_4fee7e2900033464: () => add(safeList()),
      __wbg_push_ba9b5e3c25cff8f9: (index: number, item: number) => {
        const list = this.#objects[index] as unknown[];
        list[list.length] = this.#objects[item];
        return list.length;
      },
      // Of the options, only `html: true` is ever handed over.
      __wbg_html_cd9a0f328493678b: () => 1,
      __wbg_enableEsiTags_de6b91cc61a25874: () => MISSING,
      // Handlers.
      __wbg_element_c38470ed972aea27: (index: number) => this.#handler(index, "element"),
      __wbg_comments_ba86bc03331d9378: (index: number) => this.#handler(index, "comments"),
      __wbg_text_7800bf26cb443911: (index: number) => this.#handler(index, "text"),
      __wbg_doctype_ac58c0964a59b61b: (index: number) => this.#handler(index, "doctype"),
      __wbg_comments_94d876f6c0502e82: (index: number) => this.#handler(index, "comments"),
      __wbg_text_4606a16c30e4ae91: (index: number) => this.#handler(index, "text"),
      __wbg_end_34efb9402eac8a4e: (index: number) => this.#handler(index, "end"),
      __wbg_call_6c4ea719458624eb: (target: number, _self: number, argument: number) =>
        this.#call(target, argument),
      __wbg_instanceof_Promise_c6535fc791fcc4d2: (index: number) => (index === UNDEFINED ? 0 : 1),
      __wbg_awaitPromise_39a1101fd8518869: new Suspending(
        (_stack, index) => this.#objects[index as number] as Promise<void>,
      ),
      // Tokens.
      __wbg_comment_new: (pointer: number) => this.#token("comment", pointer),
      __wbg_doctype_new: (pointer: number) => this.#token("doctype", pointer),
      __wbg_documentend_new: (pointer: number) => this.#token("documentend", pointer),
      __wbg_element_new: (pointer: number) => this.#token("element", pointer),
      __wbg_endtag_new: (pointer: number) => this.#token("endtag", pointer),
      __wbg_textchunk_new: (pointer: number) => this.#token("textchunk", pointer),
      // The output: a copy of a view of the buffer of the memory, which then is called with.
      __wbindgen_memory: theOnly,
      __wbg_buffer_89a8560ab6a3d9c6: theOnly,
      __wbg_newwithbyteoffsetandlength_e45d8b33c02dc3b5: (_: number, at: number, size: number) => {
        (this.#owner as Owner).write(this.#bytes(), at >>> 0, (at >>> 0) + (size >>> 0));
        return THE_ONLY;
      },
      __wbg_new_bd2e1d010adb8a1a: theOnly,
    };
  }
}

/** The words are Rust's. */
function loneSurrogate(text: string): TypeError {
  const whole = StringToWellFormed(text);
  let at = 0;
  while (StringCharCodeAt(text, at) === StringCharCodeAt(whole, at)) at++;
  const index = TypedArrayByteLength(encodeUtf8(StringSlice(text, 0, at)));
  return new TypeError(`Parser error: invalid utf-8 sequence of 1 bytes from index ${index}`);
}
