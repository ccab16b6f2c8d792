// HTML §8.1.4.6, "report an exception": what nobody has caught is told to the global object's
// listeners, and logged unless one of them says that it needn't.

import { describeError, logException, reportException, setExceptionListener } from "../errors.js";
import { loadLazy } from "../lazy.js";
import { RegExpExec } from "../primordials.js";
import { dispatch, globalTarget, hasListeners } from "./events.js";
import { requireArguments } from "./webidl.js";

const { Number } = globalThis;

type Events = typeof import("../lazy/events.js");
type ErrorEventInit = NonNullable<ConstructorParameters<Events["ErrorEvent"]>[1]>;

/** HTML §8.1.4.6. */
export function reportError(error: unknown): void {
  requireArguments("reportError", arguments.length, 1);
  reportException(error);
}

/** What listeners throw is only logged: they would never get to an end. */
let reporting = false;

export function installErrorEvents(): void {
  setExceptionListener((error) => {
    if (reporting || !hasListeners(globalTarget, "error")) return false;
    const { ErrorEvent } = loadLazy("events") as Events;
    const event = new ErrorEvent("error", describe(error));
    reporting = true;
    try {
      return !dispatch(globalTarget, event, logException);
    } finally {
      reporting = false;
    }
  });
}

const FIRST_FRAME = /\n\s+at (?:.* \()?(.+?):(\d+):(\d+)\)?(?:\n|$)/;

function describe(error: unknown): ErrorEventInit {
  const { name, message, stack } = describeError(error);
  const frame = RegExpExec(FIRST_FRAME, stack);
  const text = stack === "" ? message : `${name}: ${message}`;
  return {
    __proto__: null,
    cancelable: true,
    error,
    message: `Uncaught ${text}`,
    filename: frame?.[1] ?? "",
    lineno: Number(frame?.[2] ?? 0),
    colno: Number(frame?.[3] ?? 0),
  } as ErrorEventInit;
}
