// HTMLRewriter: handlers for parts of a document, and documents that pass through them.
// https://developers.cloudflare.com/workers/runtime-apis/html-rewriter/

import { requireRequest } from "../../io.js";
import { listCopy, SafeSet, safeList } from "../../primordials.js";
import { headerList, moveSource } from "../../web/body.js";
import { getFlat } from "../../web/headers.js";
import { isResponse, Response } from "../../web/response.js";
import { streamOfBytes } from "../../web/streams.js";
import { defineInterface, requireArguments, toDictionary } from "../../web/webidl.js";
import { charsetOf } from "./charset.js";
import { chunksOf } from "./chunks.js";
import { type ContentKind, type Handler, type Handlers, takeLolHtml } from "./lol_html.js";
import { type Registration, Transformation } from "./transformation.js";

const { TypeError } = globalThis;

export class HTMLRewriter {
  readonly #registrations = safeList<Registration>();

  on(selector: unknown, handlers: unknown): this {
    requireArguments("HTMLRewriter.on", arguments.length, 2);
    const text = `${selector}`;
    const given = toHandlers(handlers, ["element", "comments", "text"]);
    requireSelector(text);
    this.#registrations[this.#registrations.length] = { selector: text, handlers: given };
    return this;
  }

  onDocument(handlers: unknown): this {
    requireArguments("HTMLRewriter.onDocument", arguments.length, 1);
    const given = toHandlers(handlers, ["doctype", "comments", "text", "end"]);
    this.#registrations[this.#registrations.length] = { selector: null, handlers: given };
    return this;
  }

  transform(response: unknown): Response {
    requireArguments("HTMLRewriter.transform", arguments.length, 1);
    if (!isResponse(response)) {
      throw new TypeError("HTMLRewriter.transform: the argument is not a Response");
    }
    requireRequest();
    // Before the body is taken away from the response.
    const charset = charsetOf(getFlat(headerList(response), "content-type"));
    const source = moveSource(response);
    if (source === null) return response;
    const registrations = listCopy(this.#registrations);
    const transformation = new Transformation(chunksOf(source), registrations, charset);
    return new Response(streamOfBytes(transformation).stream, response);
  }
}

defineInterface("HTMLRewriter", HTMLRewriter);

const NO_HANDLERS: Handlers = {
  comments: null,
  doctype: null,
  element: null,
  end: null,
  text: null,
};

function toHandlers(value: unknown, kinds: readonly ContentKind[]): Handlers {
  const dictionary = toDictionary<Record<ContentKind, unknown>>(value, "The handlers");
  const handlers: Record<ContentKind, Handler | null> = { ...NO_HANDLERS };
  for (let i = 0; i < kinds.length; i++) {
    const kind = kinds[i] as ContentKind;
    const callback = dictionary[kind];
    if (callback === undefined) continue;
    if (typeof callback !== "function") {
      throw new TypeError(`HTMLRewriter: the handler "${kind}" is not a function`);
    }
    handlers[kind] = { callback: callback as Handler["callback"], self: value };
  }
  return handlers;
}

/** Selectors that are known to be some. */
const known = new SafeSet<string>();
const MOST_KNOWN = 1000;

function requireSelector(selector: string): void {
  if (known.has(selector)) return;
  const lol = takeLolHtml();
  lol.on(selector, NO_HANDLERS);
  lol.release();
  if (known.size >= MOST_KNOWN) known.clear();
  known.add(selector);
}
