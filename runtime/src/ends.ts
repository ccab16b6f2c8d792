// Requests that end before they are done.

import { runMicrotasks } from "./engine.js";
import { enter, finishRequest, openRequests, type RequestContext, send, settleOp } from "./io.js";
import { dropSinks } from "./sinks.js";

/** Ends a request that has gone too far or nowhere: what it was sending breaks off. */
export function endRequest(request: RequestContext, reason: string): void {
  dropSinks(request, reason);
  finishRequest(request);
}

/** Takes back that a request has begun; it may not have sent anything yet. */
export function forgetRequest(request: RequestContext): void {
  request.finished = true;
  openRequests.delete(request.id);
  dropSinks(request, null);
}

/**
 * The client went away. Its signal fires and its subrequests are given up, unless waitUntil()
 * still needs them. What the Worker does about that at once is still done, and then it is over.
 */
export function abortRequest(request: RequestContext): void {
  request.aborted = true;
  enter({ request, values: undefined });
  request.onAbort?.();
  if (request.waiting > 0) return;
  request.ops.forEach((op) => {
    send(["abort", op]);
    settleOp(["failure", op, "AbortError", "The client has disconnected."], null);
  });
  runMicrotasks();
  finishRequest(request);
}
