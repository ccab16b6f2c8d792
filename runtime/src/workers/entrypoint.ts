// What a Worker exports to be called: objects with handlers, and classes that extend
// WorkerEntrypoint.
// https://developers.cloudflare.com/workers/runtime-apis/bindings/service-bindings/rpc/

import { host } from "../host.js";
import { SafeMap } from "../primordials.js";

const { getPrototypeOf, ownKeys } = Reflect;

export class WorkerEntrypoint {
  protected ctx: unknown;
  protected env: unknown;

  constructor(ctx: unknown, env: unknown) {
    this.ctx = ctx;
    this.env = env;
  }
}

/** What is passed by reference extends this. */
export class RpcTarget {}

export interface EntrypointClass {
  new (ctx: unknown, env: unknown): { fetch?: unknown };
}

/** Whether a Worker exported it as a form of itself: a class that extends WorkerEntrypoint. */
export function isEntrypointClass(value: unknown): value is EntrypointClass {
  return typeof value === "function" && isDerived(value, WorkerEntrypoint);
}

/** Whether `base` is among the objects that `value` inherits from. */
export function isDerived(value: object, base: object): boolean {
  for (let at = getPrototypeOf(value); at !== null; at = getPrototypeOf(at)) {
    if (at === base) return true;
  }
  return false;
}

/** By the names that they are exported by. */
const entrypoints: SafeMap<string, object> = new SafeMap();

/** Takes the namespace of the Worker's main module, and tells the gateway what is in it. */
export function installEntrypoints(namespace: object): void {
  const names = ownKeys(namespace);
  for (let i = 0; i < names.length; i++) {
    const name = names[i];
    if (typeof name !== "string") continue;
    const value = (namespace as Record<string, unknown>)[name];
    if (isEntrypointClass(value) || (typeof value === "object" && value !== null)) {
      entrypoints.set(name, value);
      host.exported(name);
    }
  }
}

/** Undefined where there is none of that name; null is the default one's. */
export function getEntrypoint(name: string | null): object | undefined {
  return entrypoints.get(name ?? "default");
}

export function entrypointNames(): string[] {
  const names: string[] = [];
  entrypoints.forEach((_, name) => {
    names[names.length] = name;
  });
  return names;
}
