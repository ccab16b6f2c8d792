// HTML §9.1: MessageEvent.

import { Event, type EventInit } from "../../web/events.js";
import { showAttributes } from "../../web/inspect.js";
import { defineInterface, requireArguments, toDictionary, toUsvString } from "../../web/webidl.js";

const { freeze } = Object;

export interface MessageEventInit extends EventInit {
  data?: unknown;
  origin?: string | null;
  lastEventId?: string;
  source?: unknown;
  ports?: unknown[];
}

export class MessageEvent extends Event {
  readonly #data: unknown;
  readonly #origin: string | null;
  readonly #lastEventId: string;
  readonly #source: unknown;
  readonly #ports: readonly unknown[];

  constructor(type: string, init?: MessageEventInit) {
    requireArguments("MessageEvent", arguments.length, 1);
    super(type, init);
    const { data, origin, lastEventId, source, ports } = toDictionary<MessageEventInit>(
      init,
      "MessageEventInit",
    );
    this.#data = data === undefined ? null : data;
    // The platform's: null in messages of ports.
    this.#origin = origin === undefined ? "" : origin === null ? null : toUsvString(origin);
    this.#lastEventId = lastEventId === undefined ? "" : `${lastEventId}`;
    this.#source = source ?? null;
    this.#ports = freeze(ports === undefined ? [] : [...ports]);
  }

  get data(): unknown {
    return this.#data;
  }

  get origin(): string | null {
    return this.#origin;
  }

  get lastEventId(): string {
    return this.#lastEventId;
  }

  get source(): unknown {
    return this.#source;
  }

  get ports(): readonly unknown[] {
    return this.#ports;
  }
}

defineInterface("MessageEvent", MessageEvent);
showAttributes(MessageEvent, ["data", "origin", "lastEventId", "ports"]);
