// https://developers.cloudflare.com/workers/runtime-apis/websockets/#websocketpair

import { defineInterface } from "../../web/webidl.js";
import { newPair, type WebSocket } from "./web_socket.js";

/** Two ends; what is sent on the one comes in on the other. */
export class WebSocketPair {
  0: WebSocket;
  1: WebSocket;

  constructor() {
    const { 0: one, 1: other } = newPair();
    this[0] = one;
    this[1] = other;
  }
}

defineInterface("WebSocketPair", WebSocketPair);
