// What a Worker does with the responses that it gets, for the advice that `edgewright dev` gives.
// Nobody watches unless the gateway asks for it with a request; then lazy/watch.ts does.

import type { RequestContext } from "./io.js";
import { loadLazy } from "./lazy.js";

export interface Watcher {
  /** The request's subrequests are watched from here on. */
  begin(request: RequestContext): void;
  /** A subrequest's command has been sent. `signal`: there is one that may end it. */
  called(request: RequestContext, op: number, signal: boolean): void;
  /** The Worker is about to get the response to an op. */
  arrived(request: RequestContext, op: number, response: object): void;
  /** The event that is being handled is over, with all that it has set going. */
  eventOver(request: RequestContext | null): void;
  /** The Worker learns something of a Response, or takes its body. */
  looked(response: object): void;
  /** A body has been taken to be read whole, as what `form` says. */
  read(response: object, form: string, content: Promise<unknown>): void;
  /** A body of the Worker's own goes out. */
  sent(content: string | Uint8Array): void;
}

export let watcher: Watcher | null = null;

export function watch(request: RequestContext): void {
  watcher ??= (loadLazy("watch") as typeof import("./lazy/watch.js")).watcher;
  watcher.begin(request);
}
