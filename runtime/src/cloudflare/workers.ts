// The module cloudflare:workers.
// https://developers.cloudflare.com/workers/runtime-apis/

import { requireRequest } from "../io.js";
import { hasFlag } from "../workers/compatibility.js";
import { RpcTarget, WorkerEntrypoint } from "../workers/entrypoint.js";
import { environmentProxy, runWithEnvironment } from "../workers/environment.js";
import { waitUntil as keepAlive } from "../workers/execution_context.js";
import { loadRpc } from "../workers/fetcher.js";

const { TypeError } = globalThis;

export { RpcTarget, WorkerEntrypoint };
export const { RpcPromise, RpcProperty, RpcStub } = loadRpc();

/** What a Durable Object's class extends. */
export class DurableObject {
  protected ctx: unknown;
  protected env: unknown;

  constructor(ctx: unknown, env: unknown) {
    this.ctx = ctx;
    this.env = env;
  }
}

/** What a workflow's class extends. */
export class WorkflowEntrypoint {
  protected ctx: unknown;
  protected env: unknown;

  constructor(ctx: unknown, env: unknown) {
    this.ctx = ctx;
    this.env = env;
  }
}

/** The bindings, also at the top level of a module. */
export const env: object = environmentProxy(!hasFlag("disallow_importable_env"));

/** Calls `callback`; in it, and in all that follows from it, `env` has other bindings. */
export function withEnv(bindings: unknown, callback: () => unknown): unknown {
  if (typeof bindings !== "object" || bindings === null) {
    throw new TypeError("withEnv: the first argument is not an object");
  }
  return runWithEnvironment(bindings, callback);
}

/** As ctx.waitUntil(), for the request on whose behalf the code runs. */
export function waitUntil(promise: unknown): void {
  void keepAlive(requireRequest(), promise);
}
