// HTML §9.2.6: interpreting an event stream.

import { RegExpMatches, StringIndexOf, StringSlice } from "../../primordials.js";

const { Number } = globalThis;

export interface Message {
  readonly type: string;
  readonly data: string;
  readonly lastEventId: string;
}

const DIGITS = /^[0-9]+$/;

/** Takes an event stream's text in pieces. */
export class EventStreamParser {
  lastEventId = "";
  readonly #onMessage: (message: Message) => void;
  readonly #onRetry: (milliseconds: number) => void;
  #rest = "";
  #atStart = true;
  #type = "";
  #data = "";
  #id = "";

  constructor(onMessage: (message: Message) => void, onRetry: (milliseconds: number) => void) {
    this.#onMessage = onMessage;
    this.#onRetry = onRetry;
  }

  push(text: string): void {
    this.#rest += text;
    if (this.#atStart && this.#rest !== "") {
      this.#atStart = false;
      if (this.#rest[0] === "\ufeff") this.#rest = StringSlice(this.#rest, 1);
    }
    const { length } = this.#rest;
    let start = 0;
    for (let at = 0; at < length; at++) {
      const character = this.#rest[at];
      if (character !== "\n" && character !== "\r") continue;
      // A carriage return may be the first half of a line's end.
      if (character === "\r" && at + 1 === length) break;
      this.#line(StringSlice(this.#rest, start, at));
      if (character === "\r" && this.#rest[at + 1] === "\n") at++;
      start = at + 1;
    }
    this.#rest = StringSlice(this.#rest, start);
  }

  /** The stream has ended: what is unfinished is thrown away. */
  reset(): void {
    this.#rest = this.#type = this.#data = "";
    this.#atStart = true;
  }

  #line(line: string): void {
    if (line === "") {
      this.#dispatch();
      return;
    }
    const colon = StringIndexOf(line, ":");
    if (colon === 0) return; // a comment
    const field = colon < 0 ? line : StringSlice(line, 0, colon);
    let value = colon < 0 ? "" : StringSlice(line, colon + 1);
    if (value[0] === " ") value = StringSlice(value, 1);
    switch (field) {
      case "event":
        this.#type = value;
        break;
      case "data":
        this.#data += `${value}\n`;
        break;
      case "id":
        if (StringIndexOf(value, "\0") < 0) this.#id = value;
        break;
      case "retry":
        if (RegExpMatches(DIGITS, value)) this.#onRetry(Number(value));
        break;
    }
  }

  #dispatch(): void {
    this.lastEventId = this.#id;
    const data = this.#data;
    const type = this.#type === "" ? "message" : this.#type;
    this.#data = this.#type = "";
    if (data === "") return;
    this.#onMessage({ type, data: StringSlice(data, 0, -1), lastEventId: this.lastEventId });
  }
}
