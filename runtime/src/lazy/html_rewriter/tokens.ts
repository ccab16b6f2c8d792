// What handlers are called with.
// https://developers.cloudflare.com/workers/runtime-apis/html-rewriter/

import { defineInterface, requireArguments } from "../../web/webidl.js";
import { AttributesIterator } from "./attributes.js";
import { escapeText } from "./escape.js";
import {
  type Handle,
  insert,
  insertString,
  isRemoved,
  readText,
  remove,
  Token,
  takeString,
  use,
} from "./handle.js";
import { NONE, type TokenKind } from "./lol_html.js";

const { TypeError } = globalThis;

export class Element extends Token {
  get tagName(): string {
    return readText(this, "element", "element_tag_name");
  }

  set tagName(name: unknown) {
    const text = `${name}`;
    const { lol, pointer } = use(this, "element");
    lol.callWith("element_set_tag_name", pointer, text);
  }

  get attributes(): AttributesIterator {
    return new AttributesIterator(use(this, "element"));
  }

  get removed(): boolean {
    return isRemoved(this, "element");
  }

  get namespaceURI(): string {
    const { lol, pointer } = use(this, "element");
    return lol.take(lol.exports.element_namespace_uri(pointer)) as string;
  }

  getAttribute(name: unknown): string | null {
    requireArguments("Element.getAttribute", arguments.length, 1);
    const text = `${name}`;
    const { lol, pointer } = use(this, "element");
    return lol.take(lol.callWith("element_getAttribute", pointer, text)) as string | null;
  }

  hasAttribute(name: unknown): boolean {
    requireArguments("Element.hasAttribute", arguments.length, 1);
    const text = `${name}`;
    const { lol, pointer } = use(this, "element");
    return lol.callWith("element_hasAttribute", pointer, text) !== NONE;
  }

  setAttribute(name: unknown, value: unknown): this {
    requireArguments("Element.setAttribute", arguments.length, 2);
    const text = `${name}`;
    const valueText = `${value}`;
    const { lol, pointer } = use(this, "element");
    lol.setAttribute(pointer, text, valueText);
    return this;
  }

  removeAttribute(name: unknown): this {
    requireArguments("Element.removeAttribute", arguments.length, 1);
    const text = `${name}`;
    const { lol, pointer } = use(this, "element");
    lol.callWith("element_removeAttribute", pointer, text);
    return this;
  }

  before(content: unknown, options: unknown = undefined): this {
    requireArguments("Element.before", arguments.length, 1);
    return insert(this, "element", "element_before", content, options);
  }

  after(content: unknown, options: unknown = undefined): this {
    requireArguments("Element.after", arguments.length, 1);
    return insert(this, "element", "element_after", content, options);
  }

  prepend(content: unknown, options: unknown = undefined): this {
    requireArguments("Element.prepend", arguments.length, 1);
    return insert(this, "element", "element_prepend", content, options);
  }

  append(content: unknown, options: unknown = undefined): this {
    requireArguments("Element.append", arguments.length, 1);
    return insert(this, "element", "element_append", content, options);
  }

  replace(content: unknown, options: unknown = undefined): this {
    requireArguments("Element.replace", arguments.length, 1);
    return insert(this, "element", "element_replace", content, options);
  }

  setInnerContent(content: unknown, options: unknown = undefined): this {
    requireArguments("Element.setInnerContent", arguments.length, 1);
    return insert(this, "element", "element_setInnerContent", content, options);
  }

  remove(): this {
    return remove(this, "element");
  }

  removeAndKeepContent(): this {
    const { lol, pointer } = use(this, "element");
    lol.exports.element_removeAndKeepContent(pointer);
    return this;
  }

  /** Of several handlers, the last one counts. */
  onEndTag(handler: unknown): void {
    requireArguments("Element.onEndTag", arguments.length, 1);
    if (typeof handler !== "function") {
      throw new TypeError("Element.onEndTag: the handler is not a function");
    }
    const { lol, pointer } = use(this, "element");
    lol.onEndTag(pointer, { callback: handler as (token: unknown) => unknown, self: undefined });
  }
}

export class EndTag extends Token {
  get name(): string {
    return readText(this, "endtag", "endtag_name");
  }

  set name(name: unknown) {
    const text = `${name}`;
    const { lol, pointer } = use(this, "endtag");
    lol.callWith("endtag_set_name", pointer, text);
  }

  before(content: unknown, options: unknown = undefined): this {
    requireArguments("EndTag.before", arguments.length, 1);
    return insert(this, "endtag", "endtag_before", content, options);
  }

  after(content: unknown, options: unknown = undefined): this {
    requireArguments("EndTag.after", arguments.length, 1);
    return insert(this, "endtag", "endtag_after", content, options);
  }

  remove(): this {
    return remove(this, "endtag");
  }
}

export class Comment extends Token {
  get text(): string {
    return readText(this, "comment", "comment_text");
  }

  set text(content: unknown) {
    const text = `${content}`;
    const { lol, pointer } = use(this, "comment");
    lol.callWith("comment_set_text", pointer, text);
  }

  get removed(): boolean {
    return isRemoved(this, "comment");
  }

  before(content: unknown, options: unknown = undefined): this {
    requireArguments("Comment.before", arguments.length, 1);
    return insertString(this, "comment", "comment_before", content, options);
  }

  after(content: unknown, options: unknown = undefined): this {
    requireArguments("Comment.after", arguments.length, 1);
    return insertString(this, "comment", "comment_after", content, options);
  }

  replace(content: unknown, options: unknown = undefined): this {
    requireArguments("Comment.replace", arguments.length, 1);
    return insertString(this, "comment", "comment_replace", content, options);
  }

  remove(): this {
    return remove(this, "comment");
  }
}

/** A piece of a text; the last one of each is empty. */
export class Text extends Token {
  get text(): string {
    return readText(this, "textchunk", "textchunk_text");
  }

  get lastInTextNode(): boolean {
    const { lol, pointer } = use(this, "textchunk");
    return lol.exports.textchunk_last_in_text_node(pointer) !== NONE;
  }

  get removed(): boolean {
    return isRemoved(this, "textchunk");
  }

  before(content: unknown, options: unknown = undefined): this {
    requireArguments("Text.before", arguments.length, 1);
    return insert(this, "textchunk", "textchunk_before", content, options);
  }

  after(content: unknown, options: unknown = undefined): this {
    requireArguments("Text.after", arguments.length, 1);
    return insert(this, "textchunk", "textchunk_after", content, options);
  }

  replace(content: unknown, options: unknown = undefined): this {
    requireArguments("Text.replace", arguments.length, 1);
    return insert(this, "textchunk", "textchunk_replace", content, options);
  }

  remove(): this {
    return remove(this, "textchunk");
  }
}

export class Doctype extends Token {
  get name(): string | null {
    return doctypePart(this, "doctype_name");
  }

  get publicId(): string | null {
    return doctypePart(this, "doctype_public_id");
  }

  get systemId(): string | null {
    return doctypePart(this, "doctype_system_id");
  }
}

function doctypePart(
  token: Doctype,
  name: "doctype_name" | "doctype_public_id" | "doctype_system_id",
): string | null {
  const { lol, pointer } = use(token, "doctype");
  return (lol.take(lol.exports[name](pointer)) as string | null | undefined) ?? null;
}

export class DocumentEnd extends Token {
  append(content: unknown, options: unknown = undefined): this {
    requireArguments("DocumentEnd.append", arguments.length, 1);
    const { text, html } = takeString(content, options);
    const { lol } = use(this, "documentend");
    lol.append(html ? text : escapeText(text));
    return this;
  }
}

defineInterface("Element", Element);
defineInterface("EndTag", EndTag);
defineInterface("Comment", Comment);
defineInterface("Text", Text);
defineInterface("Doctype", Doctype);
defineInterface("DocumentEnd", DocumentEnd);

const classes: Record<TokenKind, new (handle: Handle) => Token> = {
  comment: Comment,
  doctype: Doctype,
  documentend: DocumentEnd,
  element: Element,
  endtag: EndTag,
  textchunk: Text,
};

/** What a handler is called with. */
export function newToken(handle: Handle): Token {
  return new classes[handle.kind](handle);
}
