// HTMLRewriter, and lol-html with it.

export { HTMLRewriter } from "./html_rewriter/html_rewriter.js";
