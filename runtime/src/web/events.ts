// DOM §2: Event, CustomEvent and EventTarget. There is no tree here: an event has one target.

import { now } from "../clock.js";
import { reportException } from "../errors.js";
import { ArrayFind, ArraySome, listCopy, listFilter, SafeMap, safeList } from "../primordials.js";
import type { AbortSignal } from "./abort.js";
import { DOMException } from "./dom_exception.js";
import { showAttributes } from "./inspect.js";
import { defineConstants, defineInterface, requireArguments, toDictionary } from "./webidl.js";

const { apply } = Reflect;
const { TypeError } = globalThis;

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

/** Tells listeners of an event of the runtime's own; `onException` gets what they throw. */
export let dispatch: (
  target: EventTarget,
  event: Event,
  onException: (error: unknown) => void,
) => boolean;
/** Whether anybody listens to events of the type. */
export let hasListeners: (target: EventTarget, type: string) => boolean;

const NONE = 0;
const AT_TARGET = 2;

let dispatchState: {
  isEvent(value: unknown): value is Event;
  begin(event: Event, target: EventTarget, trusted: boolean): void;
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
  #trusted = false;

  static {
    dispatchState = {
      isEvent: (value): value is Event =>
        typeof value === "object" && value !== null && #type in value,
      begin(event, target, trusted) {
        if (event.#dispatching) {
          throw new DOMException("The event is already being dispatched.", "InvalidStateError");
        }
        event.#dispatching = true;
        event.#trusted = trusted;
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

  get target(): object | null {
    return shown(this.#target);
  }

  get srcElement(): object | null {
    return shown(this.#target);
  }

  get currentTarget(): object | null {
    return shown(this.#currentTarget);
  }

  composedPath(): object[] {
    return this.#currentTarget === null ? [] : [shown(this.#currentTarget) as object];
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
    return this.#trusted;
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

let dispatchUntrusted: (target: EventTarget, event: Event) => boolean;
/** Web IDL §3.7.7: without a `this`, it is the global object's method. */
let receiver: (value: unknown) => EventTarget;

/** DOM §2.7. */
export class EventTarget {
  readonly #registrations: SafeMap<string, Registration[]> = new SafeMap();

  static {
    dispatch = (target, event, onException) => tell(target, event, true, onException);
    hasListeners = (target, type) => target.#registrations.has(type);
    const tell = (
      target: EventTarget,
      event: Event,
      trusted: boolean,
      onException: (error: unknown) => void,
    ): boolean => {
      dispatchState.begin(event, target, trusted);
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
    dispatchUntrusted = (target, event) => tell(target, event, false, reportException);
    receiver = (value) => {
      if (value === undefined || value === null || value === globalThis) return globalTarget;
      if (typeof value === "object" && #registrations in value) return value as EventTarget;
      throw new TypeError("Illegal invocation: function called with incorrect `this` reference.");
    };
  }

  addEventListener(type: string, listener: Listener, options?: unknown): void {
    requireArguments("EventTarget.addEventListener", arguments.length, 2);
    const { capture, once, passive, signal } = flatten(options);
    checkListener(listener);
    const name = `${type}`;
    if (listener === null || listener === undefined) return;
    if (signal !== undefined && isAborted(signal)) return;
    const target = receiver(this);
    const registrations = target.#registrations.get(name) ?? safeList<Registration>();
    if (
      ArraySome(registrations, (other) => other.listener === listener && other.capture === capture)
    ) {
      return;
    }
    const registration = { listener, capture, once, passive, removed: false };
    registrations[registrations.length] = registration;
    target.#registrations.set(name, registrations);
    if (signal !== undefined) {
      afterAbort(signal, () => target.#remove(name, registration));
    }
  }

  removeEventListener(type: string, listener: Listener, options?: unknown): void {
    requireArguments("EventTarget.removeEventListener", arguments.length, 2);
    const { capture } = flatten(options);
    checkListener(listener);
    const name = `${type}`;
    const target = receiver(this);
    const registration = ArrayFind(
      target.#registrations.get(name) ?? [],
      (other) => other.listener === listener && other.capture === capture,
    );
    if (registration !== undefined) target.#remove(name, registration);
  }

  dispatchEvent(event: Event): boolean {
    requireArguments("EventTarget.dispatchEvent", arguments.length, 1);
    if (!dispatchState.isEvent(event)) {
      throw new TypeError("EventTarget.dispatchEvent: the argument is not an Event");
    }
    return dispatchUntrusted(receiver(this), event);
  }

  #remove(type: string, registration: Registration): void {
    registration.removed = true;
    const left = listFilter(this.#registrations.get(type) ?? [], (other) => other !== registration);
    if (left.length === 0) this.#registrations.delete(type);
    else this.#registrations.set(type, left);
  }
}

defineInterface("EventTarget", EventTarget);

/** Has the listeners of the global object, which was made before this file. */
export const globalTarget = new EventTarget();

function shown(target: EventTarget | null): object | null {
  return target === globalTarget ? globalThis : target;
}

function call(listener: NonNullable<Listener>, target: EventTarget, event: Event): void {
  if (typeof listener === "function") {
    apply(listener, shown(target), [event]);
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
