// What a WebSocket says and hears: messages, and the end.

import { decodeUtf8, encodeUtf8, isAnyArrayBuffer } from "../../engine.js";
import { bytesOfView, copyBytes, TypedArrayByteLength } from "../../primordials.js";
import { DOMException } from "../../web/dom_exception.js";
import { toUsvString } from "../../web/webidl.js";

const { TypeError, Uint8Array } = globalThis;
const { isView }: { isView(value: unknown): value is ArrayBufferView } = ArrayBuffer;

/** RFC 6455 §7.4.1: the Close frame says no code; there was no Close frame. */
export const NO_STATUS = 1005;
export const ABNORMAL = 1006;

/** A message, or where that is null the end. */
export interface Item {
  readonly message: string | Uint8Array | null;
  readonly code: number;
  readonly reason: string;
  readonly clean: boolean;
}

export function messageItem(message: string | Uint8Array): Item {
  return { message, code: 0, reason: "", clean: true };
}

export function endItem(code: number, reason: string, clean: boolean): Item {
  return { message: null, code, reason, clean };
}

/** Throws for what a Close frame can't say (RFC 6455 §5.5.1 and §7.4). */
export function requireEnd(code: number | null, reason: string | null): void {
  if (code !== null && !mayClose(code)) {
    throw new TypeError(`Invalid WebSocket close code: ${code}.`);
  }
  if (reason === null) return;
  if (code === null) {
    throw new TypeError("If you specify a WebSocket close reason, you must also specify a code.");
  }
  if (TypedArrayByteLength(encodeUtf8(reason)) > MAX_REASON) {
    throw new DOMException(`A close reason may have ${MAX_REASON} bytes at most.`, "SyntaxError");
  }
}

/** A control frame has 125 bytes, two of which are the code's. */
const MAX_REASON = 123;

function mayClose(code: number): boolean {
  return (
    code >= 1000 &&
    code < 5000 &&
    code !== 1004 &&
    code !== NO_STATUS &&
    code !== ABNORMAL &&
    code !== 1015
  );
}

/** Of what was given to send(): a copy that nobody can change any more. */
export function toData(message: unknown): string | Uint8Array {
  if (isView(message)) return copyBytes(bytesOfView(message));
  if (isAnyArrayBuffer(message)) return copyBytes(new Uint8Array(message));
  return toUsvString(message);
}

export function isLarger(data: string | Uint8Array, most: number): boolean {
  if (typeof data !== "string") return TypedArrayByteLength(data) > most;
  // A character has three bytes at most: they are seldom counted.
  return data.length * 3 > most && TypedArrayByteLength(encodeUtf8(data)) > most;
}

/** The engine would take a byte order mark off. */
export function decodeText(bytes: Uint8Array): string {
  const marked = bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf;
  return marked ? `\ufeff${decodeUtf8(bytes)}` : decodeUtf8(bytes);
}
