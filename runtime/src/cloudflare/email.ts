// The module cloudflare:email.
// https://developers.cloudflare.com/email-routing/email-workers/send-email-workers/

import { ReadableStream } from "../web/streams.js";
import { defineInterface, requireArguments } from "../web/webidl.js";

/** A message to be sent or replied with: its envelope, and its text as MIME has it. */
export class EmailMessage {
  readonly #from: string;
  readonly #to: string;
  readonly #raw: ReadableStream | string;

  constructor(from: string, to: string, raw: ReadableStream | string) {
    requireArguments("EmailMessage", arguments.length, 3);
    this.#from = `${from}`;
    this.#to = `${to}`;
    this.#raw = raw instanceof ReadableStream ? raw : `${raw}`;
  }

  get from(): string {
    return this.#from;
  }

  get to(): string {
    return this.#to;
  }

  get raw(): ReadableStream | string {
    return this.#raw;
  }
}

defineInterface("EmailMessage", EmailMessage);
