// URL §4.4: the URL parser, which is whatwg-url's.

import { loadLazy } from "../lazy.js";

/** For URLs out of the ordinary, and for those that change (see url_plain.ts). */
export function urlParser(): typeof import("../lazy/whatwg_url.js") {
  return loadLazy("whatwg_url") as typeof import("../lazy/whatwg_url.js");
}
