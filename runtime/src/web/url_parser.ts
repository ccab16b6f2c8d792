// URL §4.4: the URL parser, which is whatwg-url's.

import type { UrlRecord } from "whatwg-url/lib/url-state-machine.js";
import { loadLazy } from "../lazy.js";
import { type PlainUrl, parsePlain } from "./url_plain.js";

/** For URLs out of the ordinary, and for those that change (see url_plain.ts). */
export function urlParser(): typeof import("../lazy/whatwg_url.js") {
  return loadLazy("whatwg_url") as typeof import("../lazy/whatwg_url.js");
}

let lastBase: string | undefined;
let lastRecord: UrlRecord | null = null;

/** What url_plain.ts can't take as it is. Null is no URL. */
export function parseOdd(input: string, base: string | undefined): PlainUrl | UrlRecord | null {
  const { tidyUrl } = loadLazy("tidy_url") as typeof import("../lazy/tidy_url.js");
  const tidy = tidyUrl(input, base);
  const plain = tidy === null ? null : parsePlain(tidy);
  if (plain !== null) return plain;
  const { basicURLParse } = urlParser();
  if (base === undefined) return basicURLParse(input);
  if (base !== lastBase) {
    lastRecord = basicURLParse(base);
    lastBase = base;
  }
  return lastRecord && basicURLParse(input, { baseURL: lastRecord });
}
