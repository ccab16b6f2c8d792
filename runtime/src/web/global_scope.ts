// HTML §10.2.1, Service Workers §4.1: what the global object is an instance of.

import { EventTarget } from "./events.js";
import { defineInterface } from "./webidl.js";

const { TypeError } = globalThis;
const { defineProperty, setPrototypeOf } = Object;

export class WorkerGlobalScope extends EventTarget {
  constructor() {
    throw new TypeError("Illegal constructor");
    // biome-ignore lint/correctness/noUnreachable: a derived class has to call it somewhere.
    super();
  }
}

defineInterface("WorkerGlobalScope", WorkerGlobalScope);

export class ServiceWorkerGlobalScope extends WorkerGlobalScope {}

defineInterface("ServiceWorkerGlobalScope", ServiceWorkerGlobalScope);

/** Makes the global object an event target, whose listeners are events.ts's `globalTarget`. */
export function installGlobalScope(): void {
  setPrototypeOf(globalThis, ServiceWorkerGlobalScope.prototype);
  // The platform's: it serves no site.
  defineProperty(globalThis, "origin", { value: "null", enumerable: true, configurable: true });
}
