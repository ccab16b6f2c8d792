// HTML §8.3: atob() and btoa(); Infra §7: forgiving-base64.

import { Uint8ArrayFromBase64, Uint8ArrayToBase64 } from "../primordials.js";
import { DOMException } from "./dom_exception.js";
import { requireArguments } from "./webidl.js";

const { String, Uint8Array } = globalThis;
const { fromCharCode } = String;

/** Arguments of one call of fromCharCode: well below what the stack holds. */
const CHUNK = 8192;

export function btoa(data: string): string {
  requireArguments("btoa", arguments.length, 1);
  const text = `${data}`;
  const bytes = new Uint8Array(text.length);
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code > 0xff) {
      throw new DOMException(
        "btoa() can only operate on characters in the Latin1 (ISO/IEC 8859-1) range.",
        "InvalidCharacterError",
      );
    }
    bytes[at] = code;
  }
  return Uint8ArrayToBase64(bytes);
}

export function atob(data: string): string {
  requireArguments("atob", arguments.length, 1);
  let bytes: Uint8Array;
  try {
    // "loose" is forgiving-base64: white space, missing padding and stray bits pass.
    bytes = Uint8ArrayFromBase64(`${data}`, { __proto__: null, lastChunkHandling: "loose" });
  } catch {
    throw new DOMException(
      "atob() called with invalid base64-encoded data. (Only whitespace, '+', '/', alphanumeric " +
        "ASCII, and up to two terminal '=' signs when the input data length is divisible by 4 " +
        "are allowed.)",
      "InvalidCharacterError",
    );
  }
  let text = "";
  for (let at = 0; at < bytes.length; at += CHUNK) {
    text += fromCharCode(...bytes.subarray(at, at + CHUNK));
  }
  return text;
}
