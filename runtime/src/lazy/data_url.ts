// `data:` URLs (Fetch §6).

import { decodeUtf8, encodeUtf8 } from "../engine.js";
import {
  RegExpExec,
  RegExpMatches,
  StringIndexOf,
  StringSlice,
  StringStartsWith,
  StringTrim,
  TypedArrayByteLength,
  Uint8ArrayFromBase64,
  viewBytes,
} from "../primordials.js";
import { parseMimeType, serializeMimeType } from "./forms/mime_type.js";

const { parseInt } = globalThis;

export interface DataUrl {
  readonly type: string;
  readonly bytes: Uint8Array;
}

const BASE64 = /; *base64$/i;
const PERCENT = 0x25;

/** The `data:` URL processor, for a URL as the URL parser serializes it; null for what is broken. */
export function readDataUrl(url: string): DataUrl | null {
  const comma = StringIndexOf(url, ",");
  if (comma < 0) return null;
  const hash = StringIndexOf(url, "#");
  if (hash >= 0 && hash < comma) return null;
  let type = StringTrim(StringSlice(url, "data:".length, comma));
  let bytes: Uint8Array | null = percentDecode(
    StringSlice(url, comma + 1, hash < 0 ? url.length : hash),
  );
  const suffix = RegExpExec(BASE64, type)?.[0];
  if (suffix !== undefined) {
    bytes = fromForgivingBase64(decodeUtf8(bytes));
    if (bytes === null) return null;
    type = StringSlice(type, 0, type.length - suffix.length);
  }
  if (StringStartsWith(type, ";")) type = `text/plain${type}`;
  const parsed = parseMimeType(type);
  return {
    type: parsed === null ? "text/plain;charset=US-ASCII" : serializeMimeType(parsed),
    bytes,
  };
}

const HEX = /^[0-9A-Fa-f]{2}$/;

/** URL §1.3. The text is ASCII. */
function percentDecode(text: string): Uint8Array {
  const bytes = encodeUtf8(text);
  const size = TypedArrayByteLength(bytes);
  let end = 0;
  for (let at = 0; at < size; at++) {
    const byte = bytes[at] as number;
    const digits = byte === PERCENT ? StringSlice(text, at + 1, at + 3) : "";
    if (RegExpMatches(HEX, digits)) {
      bytes[end++] = parseInt(digits, 16);
      at += 2;
    } else {
      bytes[end++] = byte;
    }
  }
  return viewBytes(bytes, 0, end);
}

/** Infra §7. */
function fromForgivingBase64(text: string): Uint8Array | null {
  try {
    return Uint8ArrayFromBase64(text, { __proto__: null, lastChunkHandling: "loose" });
  } catch {
    return null;
  }
}
