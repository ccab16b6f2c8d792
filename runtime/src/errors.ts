// What is told of exceptions, and to whom.

import { isNativeError } from "./engine.js";
import { currentRequest, send } from "./io.js";
import { StringIncludes, StringStartsWith, StringTrim, splitString } from "./primordials.js";

const { String } = globalThis;

/** Frames of the runtime layer and the engine say nothing to a Worker's author. */
function withoutInternalFrames(stack: string): string {
  const lines = splitString(stack, "\n");
  let kept = lines[0] as string;
  for (let i = 1; i < lines.length; i++) {
    const line = lines[i] as string;
    const frame = StringStartsWith(StringTrim(line), "at ");
    if (frame && (StringIncludes(line, "edgewright:") || StringIncludes(line, "ext:core/")))
      continue;
    kept += `\n${line}`;
  }
  return kept;
}

/** Name, message and stack of anything that can be thrown. */
export function describeError(error: unknown): { name: string; message: string; stack: string } {
  try {
    if (isNativeError(error) || (typeof error === "object" && error !== null && "stack" in error)) {
      const { name, message, stack } = error as Error;
      return {
        name: String(name),
        message: String(message),
        stack: withoutInternalFrames(String(stack ?? "")),
      };
    }
    return { name: "Uncaught", message: String(error), stack: "" };
  } catch {
    return { name: "Uncaught", message: "an object that can't be shown", stack: "" };
  }
}

let tellListeners: (error: unknown) => boolean = () => false;

/** Who hears of exceptions that nobody catches, and says whether they needn't be logged. */
export function setExceptionListener(listener: (error: unknown) => boolean): void {
  tellListeners = listener;
}

/** An exception that nobody can catch any more: a timer's callback, a listener. */
export function reportException(error: unknown): void {
  if (!tellListeners(error)) logException(error);
}

export function logException(error: unknown): void {
  const { name, message, stack } = describeError(error);
  const text = stack || (name === "Uncaught" ? message : `${name}: ${message}`);
  send(["log", currentRequest()?.id ?? null, "error", `Uncaught ${text}`]);
}
