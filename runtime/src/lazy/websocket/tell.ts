// The events of a WebSocket (https://websockets.spec.whatwg.org/#feedback-from-the-protocol).

import { reportException } from "../../errors.js";
import { loadLazy } from "../../lazy.js";
import { TypedArrayBuffer } from "../../primordials.js";
import { loadForms } from "../../web/body_forms.js";
import { dispatch, Event, type EventTarget } from "../../web/events.js";

type Events = typeof import("../events.js");

export type BinaryType = "blob" | "arraybuffer";

export function tellOpen(socket: EventTarget): void {
  dispatch(socket, new Event("open"), reportException);
}

export function tellMessage(
  socket: EventTarget,
  message: string | Uint8Array,
  binaryType: BinaryType,
): void {
  let data: unknown = message;
  if (typeof message !== "string") {
    data = binaryType === "blob" ? loadForms().toBlob(message, null) : TypedArrayBuffer(message);
  }
  const { MessageEvent } = loadLazy("events") as Events;
  const event = new MessageEvent("message", { __proto__: null, data } as never);
  dispatch(socket, event, reportException);
}

export function tellClosed(
  socket: EventTarget,
  code: number,
  reason: string,
  wasClean: boolean,
): void {
  const { CloseEvent } = loadLazy("events") as Events;
  const event = new CloseEvent("close", { __proto__: null, code, reason, wasClean } as never);
  dispatch(socket, event, reportException);
}

export function tellError(socket: EventTarget, error: unknown): void {
  const { ErrorEvent } = loadLazy("events") as Events;
  const message = (error as Error).message;
  const event = new ErrorEvent("error", { __proto__: null, message, error } as never);
  dispatch(socket, event, reportException);
}
