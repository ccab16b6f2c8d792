// Requests that wait for what can never come are ended at once, as on the platform: nothing is due
// for them (no subrequest, timer, chunk, credit or message), and so none of their code will ever
// run again.
//
// Each request is looked at after an event of its own, since between two of them it can't begin
// or give up anything. The exception is a request that waits for another one's promise. As on the
// platform it is hung when only another could resolve a promise of its own; but it may wait for a
// promise that another one has made, for as long as that one lives. See lazy/promises.ts.

import { endRequest } from "./ends.js";
import { hasOutsideWork } from "./engine.js";
import { afterDelay, openRequests, type RequestContext, send, suspects } from "./io.js";
import { loadLazy } from "./lazy.js";
import { ArraySome, SafeSet } from "./primordials.js";

const { min } = Math;

/** The platform's words. */
const HUNG =
  "The Workers runtime canceled this request because it detected that your Worker's code had " +
  "hung and would never generate a response. Refer to: " +
  "https://developers.cloudflare.com/workers/observability/errors/";
const ENDED =
  "This promise was created by a request that has since ended, so it can never settle. With the " +
  "handle_cross_request_promise_resolution compatibility flag, a promise can only settle in the " +
  "request that created it, and settling it after that request ends is dropped.";
const HUNG_WAIT = "A promise given to waitUntil() will never settle: nothing is due that could.";

/** Milliseconds between two looks at a request that may wait for an import(). */
const FIRST_LOOK = 50;
const LONGEST_LOOK = 1000;

/** Requests that wait for nothing but promises of others. */
const waiting: SafeSet<RequestContext> = new SafeSet();

let promises: typeof import("./lazy/promises.js") | null = null;

/** Has V8 tell of each promise: whose it is, and where it is awaited if that is to be told. */
export function watchPromises(tellPlaces: boolean): void {
  promises = loadLazy("promises") as typeof import("./lazy/promises.js");
  promises.watch(tellPlaces);
}

/** Ends the request if nothing can happen for it any more. */
export function endIfHung(request: RequestContext): void {
  if (!isIdle(request)) return;
  if (hasOutsideWork()) lookAgain(request, FIRST_LOOK);
  else if (mayWaitForAnother(request)) waiting.add(request);
  else end(request);
}

function mayWaitForAnother(request: RequestContext): boolean {
  if (openRequests.size === 1) return false;
  if (promises === null) {
    if (!anyOtherLives(request)) return false;
    watchPromises(false);
  }
  return promises?.waitsForAnother(request) ?? false;
}

function anyOtherLives(request: RequestContext): boolean {
  let any = false;
  openRequests.forEach((other) => {
    any ||= other !== request && !isIdle(other, request.causes);
  });
  return any;
}

/** Looks at the requests that may have lost what they waited for in another's event. */
export function endHungSuspects(): void {
  if (suspects.size > 0) {
    suspects.forEach(endIfHung);
    suspects.clear();
  }
  if (waiting.size > 0) {
    waiting.forEach((request) => {
      if (isIdle(request)) endIfHung(request);
      else waiting.delete(request);
    });
  }
}

/** Looks at all requests: the engine has thrown its queue of reactions away, whoever's they were. */
export function endAllHung(): void {
  openRequests.forEach(endIfHung);
}

/** Whether no event is due for a request. `but`: ops that count for nothing. */
export function isIdle(request: RequestContext, but?: readonly number[]): boolean {
  return (
    !request.finished &&
    (request.ops.size === 0 || (but !== undefined && onlyOneOf(request, but))) &&
    request.pulls.size === 0 &&
    request.due === 0 &&
    !request.awaitsAbort?.()
  );
}

function onlyOneOf({ ops }: RequestContext, some: readonly number[]): boolean {
  return ops.size === 1 && ArraySome(some, (op) => ops.has(op));
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
  waiting.delete(request);
  const frames = promises?.whereItWaits(request) ?? "";
  if (request.pending > request.waiting) {
    const message = promises?.waitsForEnded(request) ? ENDED : HUNG;
    const stack = frames && `Error: ${message}${frames}`;
    send(["fail", request.id, "exception", "Error", message, stack, request.passThrough]);
    endRequest(request, message);
  } else {
    send(["log", request.id, "warn", HUNG_WAIT + frames]);
    endRequest(request, HUNG);
  }
}
