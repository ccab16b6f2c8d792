// What is used of @exodus/bytes. Not TypeScript, since the package's own declarations bring all of
// Node's along.

export { normalizeEncoding } from "@exodus/bytes/encoding-lite.js";
export { createMultibyteDecoder, createMultibyteEncoder } from "@exodus/bytes/multi-byte.js";
export { createSinglebyteDecoder, createSinglebyteEncoder } from "@exodus/bytes/single-byte.js";
