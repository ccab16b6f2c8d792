// https://nodejs.org/api/events.html
// The class is the package `events`, a function that old code may call as one; what it lacks is
// unenv's, which is Node.js's own code.

import { AsyncResource } from "node:async_hooks";
import EventEmitter from "events/";
import {
  addAbortListener,
  getEventListeners,
  getMaxListeners,
  on,
} from "unenv/node/internal/events/events";

const { once } = EventEmitter;

export { addAbortListener, EventEmitter, getEventListeners, getMaxListeners, on, once };

export const errorMonitor: symbol = Symbol.for("events.errorMonitor");
export const captureRejectionSymbol: symbol = Symbol.for("nodejs.rejection");
export const usingDomains = false;
export const captureRejections = false;
export const { defaultMaxListeners, init, listenerCount } = EventEmitter;

/** How many listeners an emitter or target may have before a warning is printed. */
export function setMaxListeners(n: number = defaultMaxListeners, ...targets: unknown[]): void {
  for (const target of targets) {
    if (target instanceof EventEmitter) target.setMaxListeners(n);
  }
  if (targets.length === 0) EventEmitter.defaultMaxListeners = n;
}

interface ResourceOptions {
  name?: string;
}

/** An emitter whose listeners run in the async context in which it was made. */
export class EventEmitterAsyncResource extends EventEmitter {
  readonly asyncResource: AsyncResource;

  constructor(options: ResourceOptions | string = {}) {
    super();
    const name = typeof options === "string" ? options : options.name;
    this.asyncResource = new AsyncResource(name ?? new.target.name);
  }

  override emit(event: unknown, ...values: unknown[]): boolean {
    return this.asyncResource.runInAsyncScope(super.emit, this, event, ...values) as boolean;
  }

  emitDestroy(): void {
    this.asyncResource.emitDestroy();
  }

  get asyncId(): number {
    return this.asyncResource.asyncId();
  }

  get triggerAsyncId(): number {
    return this.asyncResource.triggerAsyncId();
  }
}

// Listeners of errorMonitor hear of errors first, and don't handle them.
const { emit } = EventEmitter.prototype;
EventEmitter.prototype.emit = function (event, ...values) {
  if (event === "error" && this.listenerCount(errorMonitor) > 0) {
    Reflect.apply(emit, this, [errorMonitor, ...values]);
  }
  return Reflect.apply(emit, this, [event, ...values]);
};

Object.assign(EventEmitter, {
  addAbortListener,
  captureRejections,
  captureRejectionSymbol,
  errorMonitor,
  EventEmitterAsyncResource,
  getEventListeners,
  getMaxListeners,
  on,
  setMaxListeners,
  usingDomains,
});

export default EventEmitter;
