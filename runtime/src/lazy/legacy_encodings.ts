// The legacy encodings (Encoding §9–§14), by @exodus/bytes, whose tables and decoders are held to
// the standard's own tests.

import type { LegacyEncoding } from "../web/encodings.js";
import {
  createMultibyteDecoder,
  createMultibyteEncoder,
  createSinglebyteDecoder,
  createSinglebyteEncoder,
  normalizeEncoding,
} from "./legacy/exodus_bytes.js";

const MULTIBYTE = new Set([
  ...["big5", "euc-jp", "euc-kr", "gb18030", "gbk", "iso-2022-jp", "shift_jis"],
]);

/** By a label without whitespace around it; null for what is none, and for "replacement". */
export function legacyEncoding(label: string): LegacyEncoding | null {
  const name = normalizeEncoding(label);
  if (name === null || name === "replacement") return null;
  return {
    name,
    newDecoder: (fatal) =>
      MULTIBYTE.has(name)
        ? createMultibyteDecoder(name, !fatal)
        : createSinglebyteDecoder(name, !fatal),
  };
}

/** Of the encoding's own name; throws for a character that the encoding hasn't got. */
export function legacyEncoder(name: string): (text: string) => Uint8Array {
  return MULTIBYTE.has(name) ? createMultibyteEncoder(name) : createSinglebyteEncoder(name);
}
