// HTML §8.1.4.6: ErrorEvent.

import { Event, type EventInit } from "../../web/events.js";
import { defineInterface, requireArguments, toDictionary, toUsvString } from "../../web/webidl.js";

export interface ErrorEventInit extends EventInit {
  message?: string;
  filename?: string;
  lineno?: number;
  colno?: number;
  error?: unknown;
}

export class ErrorEvent extends Event {
  readonly #message: string;
  readonly #filename: string;
  readonly #lineno: number;
  readonly #colno: number;
  readonly #error: unknown;

  constructor(type: string, init?: ErrorEventInit) {
    requireArguments("ErrorEvent", arguments.length, 1);
    super(type, init);
    const { message, filename, lineno, colno, error } = toDictionary<ErrorEventInit>(
      init,
      "ErrorEventInit",
    );
    this.#message = message === undefined ? "" : `${message}`;
    this.#filename = filename === undefined ? "" : toUsvString(filename);
    this.#lineno = lineno === undefined ? 0 : Number(lineno) >>> 0;
    this.#colno = colno === undefined ? 0 : Number(colno) >>> 0;
    // The platform's default; the standard's is undefined.
    this.#error = error === undefined ? null : error;
  }

  get message(): string {
    return this.#message;
  }

  get filename(): string {
    return this.#filename;
  }

  get lineno(): number {
    return this.#lineno;
  }

  get colno(): number {
    return this.#colno;
  }

  get error(): unknown {
    return this.#error;
  }
}

defineInterface("ErrorEvent", ErrorEvent);
