// A message and the answer that the platform gives to it on its own, for Durable Objects.
// https://developers.cloudflare.com/durable-objects/api/state/#setwebsocketautoresponse

import { defineInterface, requireArguments } from "../../web/webidl.js";

export class WebSocketRequestResponsePair {
  readonly #request: string;
  readonly #response: string;

  constructor(request: unknown, response: unknown) {
    requireArguments("WebSocketRequestResponsePair", arguments.length, 2);
    this.#request = `${request}`;
    this.#response = `${response}`;
  }

  get request(): string {
    return this.#request;
  }

  get response(): string {
    return this.#response;
  }
}

defineInterface("WebSocketRequestResponsePair", WebSocketRequestResponsePair);
