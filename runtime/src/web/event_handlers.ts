// HTML §8.1.8.1: event handler IDL attributes, such as `onabort`.

import { SafeWeakMap, uncurryGetter } from "../primordials.js";
import { Event, EventTarget } from "./events.js";

const { apply } = Reflect;
const { defineProperty } = Object;

// A Worker may replace them.
const currentTarget = uncurryGetter<Event, object | null>(Event.prototype, "currentTarget");
const { addEventListener: addListener, removeEventListener: removeListener } =
  EventTarget.prototype;

/** Defines `onabort` and the like, for the types given; `onSet` hears when one gets a function. */
export function defineEventHandlers(
  constructor: { prototype: object },
  types: string[],
  onSet?: (target: EventTarget) => void,
): void {
  for (let i = 0; i < types.length; i++) {
    const type = types[i] as string;
    const handlers = new SafeWeakMap<EventTarget, { callback: (event: Event) => unknown }>();
    defineProperty(constructor.prototype, `on${type}`, {
      __proto__: null,
      configurable: true,
      enumerable: true,
      get(this: EventTarget) {
        return handlers.get(this)?.callback ?? null;
      },
      set(this: EventTarget, value: unknown) {
        const current = handlers.get(this);
        if (typeof value !== "function") {
          handlers.delete(this);
          if (current !== undefined) apply(removeListener, this, [type, listenerOf(current)]);
          return;
        }
        if (current !== undefined) {
          current.callback = value as (event: Event) => unknown;
          return;
        }
        const handler = { callback: value as (event: Event) => unknown };
        handlers.set(this, handler);
        apply(addListener, this, [type, listenerOf(handler)]);
        onSet?.(this);
      },
    } as PropertyDescriptor & ThisType<EventTarget>);
  }
}

const { preventDefault } = Event.prototype;
const handlerListeners = new SafeWeakMap<object, (event: Event) => void>();

/** The listener that stands for a handler; it keeps its place when the handler is replaced. */
function listenerOf(handler: { callback: (event: Event) => unknown }): (event: Event) => void {
  let listener = handlerListeners.get(handler);
  if (listener === undefined) {
    listener = (event) => {
      if (apply(handler.callback, currentTarget(event), [event]) === false) {
        apply(preventDefault, event, []);
      }
    };
    handlerListeners.set(handler, listener);
  }
  return listener;
}
