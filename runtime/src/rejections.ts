// HTML §8.1.4.7: promises that are rejected while nobody handles it. They are looked at after each
// event's microtasks, in the turn; what is rejected outside of turns (behind an import(), or in the
// global scope) comes from the engine when it gets to it.

import {
  type AsyncContext,
  getAsyncContext,
  runMicrotasks,
  setAsyncContext,
  setHandledPromiseRejectionHandler,
  setUnhandledPromiseRejectionHandler,
  takeUnhandledRejections,
} from "./engine.js";
import { logException, reportException } from "./errors.js";
import { askForTurn } from "./io.js";
import { loadLazy } from "./lazy.js";
import { SafeWeakMap, safeList } from "./primordials.js";
import { dispatch, globalTarget, hasListeners } from "./web/events.js";

type Rejected = Promise<unknown>;

/** Promises that were told of, and the context of their rejection. */
const known = new SafeWeakMap<Rejected, { context: AsyncContext | undefined }>();
/** Those of them that were handled later, which nobody has been told yet. */
let handledLate = safeList<{ promise: Rejected; reason: unknown }>();

export function installRejectionEvents(): void {
  setUnhandledPromiseRejectionHandler((promise, reason) => {
    tellUnhandled(promise, reason);
    return true;
  });
  setHandledPromiseRejectionHandler((promise, reason) => {
    if (!known.has(promise)) return;
    handledLate[handledLate.length] = { promise, reason };
    askForTurn();
  });
}

/** Tells of all there is, in the context of each; what listeners do may add to it. */
export function tellRejections(): void {
  for (;;) {
    const unhandled = takeUnhandledRejections();
    if (unhandled === undefined && handledLate.length === 0) return;
    const before = getAsyncContext();
    if (unhandled !== undefined) {
      for (let i = 0; i < unhandled.length; i += 3) {
        setAsyncContext(unhandled[i + 2] as AsyncContext | undefined);
        tellUnhandled(unhandled[i] as Rejected, unhandled[i + 1]);
      }
    }
    const handled = handledLate;
    handledLate = safeList();
    for (let i = 0; i < handled.length; i++) {
      const { promise, reason } = handled[i]!;
      setAsyncContext(known.get(promise)?.context);
      known.delete(promise);
      tell("rejectionhandled", promise, reason);
    }
    setAsyncContext(before);
    runMicrotasks();
  }
}

function tellUnhandled(promise: Rejected, reason: unknown): void {
  known.set(promise, { context: getAsyncContext() });
  if (tell("unhandledrejection", promise, reason)) logException(reason);
}

/** Whether nobody has said that it needn't be logged. */
function tell(
  type: "unhandledrejection" | "rejectionhandled",
  promise: Rejected,
  reason: unknown,
): boolean {
  if (!hasListeners(globalTarget, type)) return true;
  const { newRejectionEvent } = loadLazy("events") as typeof import("./lazy/events.js");
  return dispatch(globalTarget, newRejectionEvent(type, promise, reason), reportException);
}
