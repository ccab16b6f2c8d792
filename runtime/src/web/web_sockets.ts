// WebSockets, as far as fetch(), responses and the turn know them. They are a lazy script: as long
// as it has not been loaded, there are none.

import type { RequestContext } from "../io.js";
import { loadLazy } from "../lazy.js";
import type { CloseEvent, GrantEvent, MessageEvent } from "../protocol.js";

/** Either a websocket that the gateway holds, or a new port. */
export interface PassedWebSocket {
  readonly websocket: number | null;
  readonly port: number | null;
  /** To be called when the gateway knows the port: sends what has been said so far. */
  begin(): void;
}

/** What lazy/websocket.ts gives. */
export interface WebSockets {
  isWebSocket(value: unknown): boolean;
  /** The one that an upstream has answered with. */
  fromGateway(websocket: number, headers: readonly string[]): object;
  /** Gives one to the client of a request. */
  pass(socket: object, request: RequestContext): PassedWebSocket;
  deliver(event: MessageEvent | CloseEvent | GrantEvent, bytes: Uint8Array | null): void;
}

let mostBytes = 1 << 20;

/** Settled before the Worker's first line runs. */
export function setMessageLimit(bytes: number): void {
  mostBytes = bytes;
}

/** Bytes that a message may have, be it sent or received. */
export function messageLimit(): number {
  return mostBytes;
}

let webSockets: WebSockets | null = null;

/** The script has been loaded, by whoever needed it first. */
export function setWebSockets(loaded: WebSockets): void {
  webSockets = loaded;
}

export function loadWebSockets(): WebSockets {
  if (webSockets === null) loadLazy("websocket");
  return webSockets as unknown as WebSockets;
}
