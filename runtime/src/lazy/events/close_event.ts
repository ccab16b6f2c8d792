// WebSockets §6: CloseEvent.

import { Event, type EventInit } from "../../web/events.js";
import { defineInterface, requireArguments, toDictionary, toUsvString } from "../../web/webidl.js";

export interface CloseEventInit extends EventInit {
  wasClean?: boolean;
  code?: number;
  reason?: string;
}

export class CloseEvent extends Event {
  readonly #wasClean: boolean;
  readonly #code: number;
  readonly #reason: string;

  constructor(type: string, init?: CloseEventInit) {
    requireArguments("CloseEvent", arguments.length, 1);
    super(type, init);
    const { wasClean, code, reason } = toDictionary<CloseEventInit>(init, "CloseEventInit");
    this.#wasClean = !!wasClean;
    this.#code = code === undefined ? 0 : Number(code) & 0xffff;
    this.#reason = reason === undefined ? "" : toUsvString(reason);
  }

  get wasClean(): boolean {
    return this.#wasClean;
  }

  get code(): number {
    return this.#code;
  }

  get reason(): string {
    return this.#reason;
  }
}

defineInterface("CloseEvent", CloseEvent);
