// DOM §2: Event, CustomEvent and EventTarget. There is no tree here: an event has one target.

import { now } from "../clock.js";
import { reportException } from "../io.js";
import {
  ArrayFind,
  ArraySome,
  listCopy,
  listFilter,
  SafeMap,
  SafeWeakMap,
  safeList,
} from "../primordials.js";
import type { AbortSignal } from "./abort.js";
import { DOMException } from "./dom_exception.js";
import { showAttributes } from "./inspect.js";
import { defineConstants, defineInterface, requireArguments, toDictionary } from "./webidl.js";

const { apply } = Reflect;
const { TypeError } = globalThis;
const { defineProperty } = Object;

export interface EventInit {
  bubbles?: boolean;
  cancelable?: boolean;
  composed?: boolean;
}

export type Listener = ((event: Event) => unknown) | { handleEvent(event: Event): unknown } | null;

interface Registration {
  readonly listener: NonNullable<Listener>;
  readonly capture: boolean;
  readonly once: boolean;
  readonly passive: boolean;
  removed: boolean;
}

/** Tells listeners of the event; `onException` gets what they throw. */
export let dispatch: (
  target: EventTarget,
  event: Event,
  onException: (error: unknown) => void,
) => boolean;

const NONE = 0;
const AT_TARGET = 2;

let dispatchState: {
  isEvent(value: unknown): value is Event;
  begin(event: Event, target: EventTarget): void;
  type(event: Event): string;
  target(event: Event): EventTarget | null;
  stopped(event: Event): boolean;
  setPassive(event: Event, passive: boolean): void;
  end(event: Event): boolean;
};

/** DOM §2.2. */
export class Event {
  readonly #type: string;
  readonly #bubbles: boolean;
  readonly #cancelable: boolean;
  readonly #composed: boolean;
  readonly #timeStamp = now();
  #target: EventTarget | null = null;
  #currentTarget: EventTarget | null = null;
  #phase = NONE;
  #dispatching = false;
  #stopPropagation = false;
  #stopImmediately = false;
  #canceled = false;
  #passive = false;

  static {
    dispatchState = {
      isEvent: (value): value is Event =>
        typeof value === "object" && value !== null && #type in value,
      begin(event, target) {
        if (event.#dispatching) {
          throw new DOMException("The event is already being dispatched.", "InvalidStateError");
        }
        event.#dispatching = true;
        event.#target = target;
        event.#currentTarget = target;
        event.#phase = AT_TARGET;
      },
      type: (event) => event.#type,
      target: (event) => event.#currentTarget,
      stopped: (event) => event.#stopImmediately,
      setPassive(event, passive) {
        event.#passive = passive;
      },
      end(event) {
        event.#dispatching = false;
        event.#currentTarget = null;
        event.#phase = NONE;
        event.#stopPropagation = false;
        event.#stopImmediately = false;
        return !event.#canceled;
      },
    };
  }

  constructor(type: string, init?: EventInit) {
    requireArguments("Event", arguments.length, 1);
    const { bubbles, cancelable, composed } = toDictionary<EventInit>(init, "EventInit");
    this.#type = `${type}`;
    this.#bubbles = !!bubbles;
    this.#cancelable = !!cancelable;
    this.#composed = !!composed;
  }

  get type(): string {
    return this.#type;
  }

  get target(): EventTarget | null {
    return this.#target;
  }

  get srcElement(): EventTarget | null {
    return this.#target;
  }

  get currentTarget(): EventTarget | null {
    return this.#currentTarget;
  }

  composedPath(): EventTarget[] {
    return this.#currentTarget === null ? [] : [this.#currentTarget];
  }

  get eventPhase(): number {
    return this.#phase;
  }

  stopPropagation(): void {
    this.#stopPropagation = true;
  }

  get cancelBubble(): boolean {
    return this.#stopPropagation;
  }

  set cancelBubble(value: boolean) {
    if (value) this.#stopPropagation = true;
  }

  stopImmediatePropagation(): void {
    this.#stopPropagation = true;
    this.#stopImmediately = true;
  }

  get bubbles(): boolean {
    return this.#bubbles;
  }

  get cancelable(): boolean {
    return this.#cancelable;
  }

  get returnValue(): boolean {
    return !this.#canceled;
  }

  set returnValue(value: boolean) {
    if (!value) this.preventDefault();
  }

  preventDefault(): void {
    if (this.#cancelable && !this.#passive) this.#canceled = true;
  }

  get defaultPrevented(): boolean {
    return this.#canceled;
  }

  get composed(): boolean {
    return this.#composed;
  }

  get isTrusted(): boolean {
    return false;
  }

  get timeStamp(): number {
    return this.#timeStamp;
  }
}

defineInterface("Event", Event);
showAttributes(Event, ["type", "defaultPrevented", "cancelable", "timeStamp"]);
defineConstants(Event, { NONE, CAPTURING_PHASE: 1, AT_TARGET, BUBBLING_PHASE: 3 });

/** DOM §2.4. */
export class CustomEvent<T = unknown> extends Event {
  readonly #detail: T | null;

  constructor(type: string, init?: EventInit & { detail?: T }) {
    requireArguments("CustomEvent", arguments.length, 1);
    super(type, init);
    this.#detail = init?.detail ?? null;
  }

  get detail(): T | null {
    return this.#detail;
  }
}

defineInterface("CustomEvent", CustomEvent);

/** DOM §2.7. */
export class EventTarget {
  readonly #registrations: SafeMap<string, Registration[]> = new SafeMap();

  static {
    dispatch = (target, event, onException) => {
      dispatchState.begin(event, target);
      const type = dispatchState.type(event);
      const registrations = listCopy(target.#registrations.get(type) ?? []);
      for (let i = 0; i < registrations.length; i++) {
        const registration = registrations[i] as Registration;
        if (dispatchState.stopped(event)) break;
        if (registration.removed) continue;
        if (registration.once) target.#remove(type, registration);
        dispatchState.setPassive(event, registration.passive);
        try {
          call(registration.listener, target, event);
        } catch (error) {
          onException(error);
        }
        dispatchState.setPassive(event, false);
      }
      return dispatchState.end(event);
    };
  }

  addEventListener(type: string, listener: Listener, options?: unknown): void {
    requireArguments("EventTarget.addEventListener", arguments.length, 2);
    const { capture, once, passive, signal } = flatten(options);
    checkListener(listener);
    const name = `${type}`;
    if (listener === null || listener === undefined) return;
    if (signal !== undefined && isAborted(signal)) return;
    const registrations = this.#registrations.get(name) ?? safeList<Registration>();
    if (
      ArraySome(registrations, (other) => other.listener === listener && other.capture === capture)
    ) {
      return;
    }
    const registration = { listener, capture, once, passive, removed: false };
    registrations[registrations.length] = registration;
    this.#registrations.set(name, registrations);
    if (signal !== undefined) {
      afterAbort(signal, () => this.#remove(name, registration));
    }
  }

  removeEventListener(type: string, listener: Listener, options?: unknown): void {
    requireArguments("EventTarget.removeEventListener", arguments.length, 2);
    const { capture } = flatten(options);
    checkListener(listener);
    const name = `${type}`;
    const registration = ArrayFind(
      this.#registrations.get(name) ?? [],
      (other) => other.listener === listener && other.capture === capture,
    );
    if (registration !== undefined) this.#remove(name, registration);
  }

  dispatchEvent(event: Event): boolean {
    requireArguments("EventTarget.dispatchEvent", arguments.length, 1);
    if (!dispatchState.isEvent(event)) {
      throw new TypeError("EventTarget.dispatchEvent: the argument is not an Event");
    }
    return dispatch(this, event, reportException);
  }

  #remove(type: string, registration: Registration): void {
    registration.removed = true;
    const left = listFilter(this.#registrations.get(type) ?? [], (other) => other !== registration);
    if (left.length === 0) this.#registrations.delete(type);
    else this.#registrations.set(type, left);
  }
}

defineInterface("EventTarget", EventTarget);

// A Worker may replace the methods.
const { addEventListener: addListener, removeEventListener: removeListener } =
  EventTarget.prototype;

/** HTML §8.1.8.1: event handler IDL attributes (`onabort`), for the types given. */
export function defineEventHandlers(constructor: { prototype: object }, types: string[]): void {
  for (const type of types) {
    const handlers = new SafeWeakMap<EventTarget, { callback: (event: Event) => unknown }>();
    defineProperty(constructor.prototype, `on${type}`, {
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
      },
    });
  }
}

const { preventDefault } = Event.prototype;
const handlerListeners = new SafeWeakMap<object, (event: Event) => void>();

/** The listener that stands for a handler; it keeps its place when the handler is replaced. */
function listenerOf(handler: { callback: (event: Event) => unknown }): (event: Event) => void {
  let listener = handlerListeners.get(handler);
  if (listener === undefined) {
    listener = (event) => {
      if (apply(handler.callback, dispatchState.target(event), [event]) === false) {
        apply(preventDefault, event, []);
      }
    };
    handlerListeners.set(handler, listener);
  }
  return listener;
}

function call(listener: NonNullable<Listener>, target: EventTarget, event: Event): void {
  if (typeof listener === "function") {
    apply(listener, target, [event]);
    return;
  }
  const method: unknown = listener.handleEvent;
  if (typeof method !== "function") throw new TypeError("handleEvent is not a function");
  apply(method, listener, [event]);
}

function checkListener(listener: unknown): void {
  const kind = typeof listener;
  if (listener !== null && kind !== "object" && kind !== "function" && kind !== "undefined") {
    throw new TypeError("An event listener must be a function or an object");
  }
}

interface ListenerOptions {
  capture: boolean;
  once: boolean;
  passive: boolean;
  signal: AbortSignal | undefined;
}

/** DOM §2.7, "flatten more". */
function flatten(options: unknown): ListenerOptions {
  if (typeof options !== "object" && typeof options !== "function") {
    return { capture: !!options, once: false, passive: false, signal: undefined };
  }
  const { capture, once, passive, signal } = (options ?? {}) as Record<string, unknown>;
  if (signal !== undefined && !isSignal(signal)) {
    throw new TypeError("The signal option is not an AbortSignal");
  }
  return { capture: !!capture, once: !!once, passive: !!passive, signal };
}

// abort.ts is built upon this file; what is needed of it here, it hands over when it is there.
let isSignal: (value: unknown) => value is AbortSignal;
let isAborted: (signal: AbortSignal) => boolean;
let afterAbort: (signal: AbortSignal, algorithm: () => void) => void;

export function setSignalHooks(
  isAbortSignal: typeof isSignal,
  isAbortedSignal: typeof isAborted,
  addAbortAlgorithm: typeof afterAbort,
): void {
  isSignal = isAbortSignal;
  isAborted = isAbortedSignal;
  afterAbort = addAbortAlgorithm;
}
