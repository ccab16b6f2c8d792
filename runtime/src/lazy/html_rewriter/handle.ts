// What all tokens have in common: a pointer to what lol-html has of them, which is good for as long
// as the handler runs that was given the token.

import { moveSource } from "../../web/body.js";
import { isResponse } from "../../web/response.js";
import { isReadableStream } from "../../web/streams.js";
import { toDictionary } from "../../web/webidl.js";
import { type Chunks, chunksOf } from "./chunks.js";
import { Insertion, type Insertions } from "./insertions.js";
import { type LolHtml, type Name, NONE, type TokenKind } from "./lol_html.js";

const { TypeError } = globalThis;

/** The inside of a token, which no Worker ever has. */
export class Handle {
  readonly kind: TokenKind;
  readonly lol: LolHtml;
  readonly pointer: number;
  readonly insertions: Insertions;
  #valid = true;

  static is(value: unknown): value is Handle {
    return typeof value === "object" && value !== null && #valid in value;
  }

  constructor(kind: TokenKind, lol: LolHtml, pointer: number, insertions: Insertions) {
    this.kind = kind;
    this.lol = lol;
    this.pointer = pointer;
    this.insertions = insertions;
  }

  /** The handler has ended. */
  expire(): void {
    this.#valid = false;
  }

  requireValid(): void {
    if (this.#valid) return;
    // The platform's words.
    throw new TypeError(
      "This content token is no longer valid. Content tokens are only valid during the execution " +
        "of the relevant content handler.",
    );
  }
}

/** The inside of a token that is good for something. */
export let use: (token: Token, kind: TokenKind) => Handle;

export class Token {
  readonly #handle: Handle;

  static {
    use = (token, kind) => {
      const handle = token.#handle;
      if (handle.kind !== kind) throw new TypeError("Illegal invocation");
      handle.requireValid();
      return handle;
    };
  }

  constructor(handle: unknown) {
    if (!Handle.is(handle)) throw new TypeError("Illegal constructor");
    this.#handle = handle;
  }
}

// --- What several kinds of tokens do -------------------------------------------------------------

export function readText(
  token: Token,
  kind: TokenKind,
  name: "comment_text" | "element_tag_name" | "endtag_name" | "textchunk_text",
): string {
  const { lol, pointer } = use(token, kind);
  return lol.text(lol.exports[name], pointer);
}

export function isRemoved(token: Token, kind: "comment" | "element" | "textchunk"): boolean {
  const { lol, pointer } = use(token, kind);
  return lol.exports[`${kind}_removed`](pointer) !== NONE;
}

export function remove<T extends Token>(
  token: T,
  kind: "comment" | "element" | "endtag" | "textchunk",
): T {
  const { lol, pointer } = use(token, kind);
  lol.exports[`${kind}_remove`](pointer);
  return token;
}

/** before(), replace(), append() and the like. */
export function insert<T extends Token>(
  token: T,
  kind: TokenKind,
  name: Name,
  content: unknown,
  options: unknown,
): T {
  const stream = takeStream(content);
  if (stream === null) return insertString(token, kind, name, content, options);
  const insertion = new Insertion(stream, wantsHtml(options));
  const { lol, pointer, insertions } = use(token, kind);
  lol.insert(name, pointer, insertions.add(insertion), true);
  return token;
}

export function insertString<T extends Token>(
  token: T,
  kind: TokenKind,
  name: Name,
  content: unknown,
  options: unknown,
): T {
  const { text, html } = takeString(content, options);
  const { lol, pointer } = use(token, kind);
  lol.insert(name, pointer, text, html);
  return token;
}

/** Content where the platform takes no streams. */
export function takeString(content: unknown, options: unknown): { text: string; html: boolean } {
  if (isReadableStream(content) || isResponse(content)) {
    // The platform's words.
    throw new TypeError(
      "Replacing HTML content using a ReadableStream or Response object is not implemented. You " +
        "must provide a string.",
    );
  }
  return { text: `${content}`, html: wantsHtml(options) };
}

/** The body of a Response, or a stream; null for what is to be a string. */
function takeStream(content: unknown): Chunks | null {
  if (isReadableStream(content)) return chunksOf(content);
  return isResponse(content) ? chunksOf(moveSource(content) ?? "") : null;
}

function wantsHtml(options: unknown): boolean {
  return !!toDictionary<{ html: boolean }>(options, "The ContentOptions").html;
}
