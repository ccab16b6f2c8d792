import { replaceString } from "../../primordials.js";

/** As lol-html escapes content that is not HTML. */
export function escapeText(text: string): string {
  const ampersands = replaceString(text, "&", "&amp;");
  return replaceString(replaceString(ampersands, "<", "&lt;"), ">", "&gt;");
}
