// What whatwg-url needs of text encoding, as the engine has it (see bundle.js).

import { decodeUtf8, encodeUtf8 } from "../engine.js";

export const utf8Encode = encodeUtf8;

/** Encoding §6: "UTF-8 decode without BOM"; the engine keeps a byte order mark off, this must not. */
export function utf8DecodeWithoutBOM(bytes: Uint8Array): string {
  const text = decodeUtf8(bytes);
  return bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf ? `\uFEFF${text}` : text;
}

/**
 * URL §1.3: percent-encode after encoding, for UTF-8, the only encoding that a Worker's URLs have.
 * `set` holds what is encoded beside the C0 controls and everything from U+007F up.
 */
export function percentEncodeAfterEncoding(_encoding: string, input: string, set: string): string {
  let output = "";
  for (const byte of encodeUtf8(input)) {
    const character = String.fromCharCode(byte);
    output +=
      byte <= 0x1f || byte > 0x7e || set.includes(character)
        ? `%${byte.toString(16).toUpperCase().padStart(2, "0")}`
        : character;
  }
  return output;
}
