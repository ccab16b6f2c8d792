// The Worker's bindings: the second argument of handlers, and `env` of cloudflare:workers.
// https://developers.cloudflare.com/workers/runtime-apis/bindings/

import { getContextValue, runWithContextValue } from "../async_context.js";

const { apply, defineProperty, deleteProperty, get, getOwnPropertyDescriptor, has, ownKeys, set } =
  Reflect;
const { create, freeze, setPrototypeOf } = Object;
const { Proxy } = globalThis;

let environment: object = {};
let variables: readonly string[] = [];

/** The key of what withEnv() has put in place. */
const REPLACED = {};

/** `names` are those of the variables, which are text or JSON, among the bindings. */
export function setEnvironment(bindings: object, names: readonly string[]): void {
  environment = bindings;
  variables = names;
}

/** The names of the bindings that are no more than a value. */
export function variableNames(): readonly string[] {
  return variables;
}

export function getEnvironment(): object {
  return environment;
}

/** Calls `callback` with other bindings in `env`. */
export function runWithEnvironment(bindings: object, callback: () => unknown): unknown {
  return runWithContextValue(REPLACED, bindings, () => apply(callback, undefined, []));
}

/** An object that is like the bindings of the moment. */
export function environmentProxy(allowed: boolean): object {
  const none = freeze(create(null) as object);
  const current = (): object => {
    if (!allowed) return none;
    return (getContextValue(REPLACED) as object | undefined) ?? environment;
  };
  const handler: ProxyHandler<object> = {
    get: (_, key) => get(current(), key),
    set: (_, key, value) => set(current(), key, value),
    has: (_, key) => has(current(), key),
    ownKeys: () => ownKeys(current()),
    deleteProperty: (_, key) => deleteProperty(current(), key),
    defineProperty: (_, key, descriptor) => defineProperty(current(), key, descriptor),
    getOwnPropertyDescriptor(_, key) {
      const descriptor = getOwnPropertyDescriptor(current(), key);
      // A proxy may not claim that a property is fixed which its target does not have.
      if (descriptor !== undefined) descriptor.configurable = true;
      return descriptor;
    },
  };
  return new Proxy({}, setPrototypeOf(handler, null) as ProxyHandler<object>);
}
