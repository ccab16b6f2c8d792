// The module cloudflare:workers.
// https://developers.cloudflare.com/workers/runtime-apis/

import { getContextValue, runWithContextValue } from "../async_context.js";
import { requireRequest } from "../io.js";
import { loadLazy } from "../lazy.js";
import { hasFlag } from "../workers/compatibility.js";
import { RpcTarget, WorkerEntrypoint } from "../workers/entrypoint.js";
import { getEnvironment, likeCurrent } from "../workers/environment.js";
import { waitUntil as keepAlive } from "../workers/execution_context.js";
import { loadRpc } from "../workers/fetcher.js";

const { TypeError } = globalThis;
const { apply } = Reflect;
const { create, freeze } = Object;

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

// --- What handlers are given, also at the top level of a module ----------------------------------

/** The keys of what withEnv() and withExports() have put in place. */
const BINDINGS = {};
const EXPORTS = {};

const none: object = freeze(create(null));
const importable = !hasFlag("disallow_importable_env");

/** The bindings. */
export const env: object = likeCurrent(() =>
  importable ? replaced(BINDINGS, getEnvironment) : none,
);

/** The Worker's own entrypoints, as `ctx.exports` has them. */
export const exports: object = likeCurrent(() => replaced(EXPORTS, loadRpc().loopbackExports));

/** `ctx.tracing`. */
export const { tracing } = loadLazy("tracing") as typeof import("../lazy/tracing.js");

/** Calls `callback`; in it, and in all that follows from it, `env` has other bindings. */
export function withEnv(bindings: unknown, callback: () => unknown): unknown {
  return withOther(BINDINGS, toObject("withEnv", bindings), callback);
}

/** The same for `exports`. */
export function withExports(others: unknown, callback: () => unknown): unknown {
  return withOther(EXPORTS, toObject("withExports", others), callback);
}

export function withEnvAndExports(
  bindings: unknown,
  others: unknown,
  callback: () => unknown,
): unknown {
  const exported = toObject("withEnvAndExports", others);
  return withOther(BINDINGS, toObject("withEnvAndExports", bindings), () =>
    withOther(EXPORTS, exported, callback),
  );
}

function replaced(key: object, otherwise: () => object): object {
  return (getContextValue(key) as object | undefined) ?? otherwise();
}

function withOther(key: object, value: object, callback: () => unknown): unknown {
  return runWithContextValue(key, value, () => apply(callback, undefined, []));
}

function toObject(name: string, value: unknown): object {
  if (typeof value === "object" && value !== null) return value;
  throw new TypeError(`${name}: the first argument is not an object`);
}

/** As ctx.waitUntil(), for the request on whose behalf the code runs. */
export function waitUntil(promise: unknown): void {
  void keepAlive(requireRequest(), promise);
}
