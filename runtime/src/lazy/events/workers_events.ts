// The platform's events for handlers other than fetch().
// https://developers.cloudflare.com/workers/runtime-apis/handlers/

import type { RequestContext } from "../../io.js";
import { defineInterface } from "../../web/webidl.js";
import { ExtendableEvent } from "../../workers/extendable_event.js";

export class ScheduledEvent extends ExtendableEvent {
  readonly #scheduledTime: number;
  readonly #cron: string;
  readonly #noRetry: () => void;

  constructor(request: RequestContext, scheduledTime: number, cron: string, noRetry: () => void) {
    super("scheduled", request);
    this.#scheduledTime = scheduledTime;
    this.#cron = cron;
    this.#noRetry = noRetry;
  }

  get scheduledTime(): number {
    return this.#scheduledTime;
  }

  get cron(): string {
    return this.#cron;
  }

  noRetry(): void {
    this.#noRetry();
  }
}

defineInterface("ScheduledEvent", ScheduledEvent);

export class TailEvent extends ExtendableEvent {
  readonly #events: unknown[];

  constructor(request: RequestContext, events: unknown[]) {
    super("tail", request);
    this.#events = events;
  }

  get events(): unknown[] {
    return this.#events;
  }

  get traces(): unknown[] {
    return this.#events;
  }
}

defineInterface("TailEvent", TailEvent);
