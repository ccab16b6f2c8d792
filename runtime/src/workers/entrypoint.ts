// WorkerEntrypoint: the form of a Worker as a class.
// https://developers.cloudflare.com/workers/runtime-apis/bindings/service-bindings/rpc/

const { getPrototypeOf } = Reflect;

export class WorkerEntrypoint {
  protected ctx: unknown;
  protected env: unknown;

  constructor(ctx: unknown, env: unknown) {
    this.ctx = ctx;
    this.env = env;
  }
}

export interface EntrypointClass {
  new (ctx: unknown, env: unknown): { fetch?: unknown };
}

/** Whether a Worker exported it as a form of itself: a class that extends WorkerEntrypoint. */
export function isEntrypointClass(value: unknown): value is EntrypointClass {
  if (typeof value !== "function") return false;
  for (let at: object | null = getPrototypeOf(value); at !== null; at = getPrototypeOf(at)) {
    if (at === WorkerEntrypoint) return true;
  }
  return false;
}
