// Requests that wait for what can never come are ended at once, as on the platform: nothing is due
// for them (no subrequest, timer, chunk, credit or message), and so none of their code will ever
// run again.
//
// Each request is looked at after an event of its own, since between two of them it can't begin
// or give up anything. The exception is a request that waits for another one's promise: as on the
// platform that counts as hung, for nothing says that it will ever be resolved.

import { hasOutsideWork } from "./engine.js";
import { afterDelay, endRequest, openRequests, type RequestContext, send, suspects } from "./io.js";

const { min } = Math;

/** The platform's words. */
const HUNG =
  "The Workers runtime canceled this request because it detected that your Worker's code had " +
  "hung and would never generate a response. Refer to: " +
  "https://developers.cloudflare.com/workers/observability/errors/";
const HUNG_WAIT = "A promise given to waitUntil() will never settle: nothing is due that could.";

/** Milliseconds between two looks at a request that may wait for an import(). */
const FIRST_LOOK = 50;
const LONGEST_LOOK = 1000;

/** Ends the request if nothing can happen for it any more. */
export function endIfHung(request: RequestContext): void {
  if (isIdle(request)) {
    if (hasOutsideWork()) lookAgain(request, FIRST_LOOK);
    else end(request);
  }
}

/** Looks at the requests that may have lost what they waited for in another's event. */
export function endHungSuspects(): void {
  if (suspects.size === 0) return;
  suspects.forEach(endIfHung);
  suspects.clear();
}

/** Looks at all requests: the engine has thrown its queue of reactions away, whoever's they were. */
export function endAllHung(): void {
  openRequests.forEach(endIfHung);
}

function isIdle(request: RequestContext): boolean {
  return (
    !request.finished &&
    request.ops.size === 0 &&
    request.pulls.size === 0 &&
    request.due === 0 &&
    !request.awaitsAbort?.()
  );
}

/**
 * What settles outside of turns (import(), WebAssembly) tells nobody when it has, nor whose it is.
 * While there is any such thing, no request is certain to be hung.
 */
function lookAgain(request: RequestContext, delay: number): void {
  if (request.lookedAt) return;
  request.lookedAt = true;
  afterDelay(request, delay, () => {
    request.lookedAt = false;
    if (!isIdle(request)) return;
    if (hasOutsideWork()) lookAgain(request, min(2 * delay, LONGEST_LOOK));
    else end(request);
  });
}

function end(request: RequestContext): void {
  if (request.pending > request.waiting) {
    send(["fail", request.id, "exception", "Error", HUNG, "", request.passThrough]);
  } else {
    send(["log", request.id, "warn", HUNG_WAIT]);
  }
  endRequest(request, HUNG);
}
