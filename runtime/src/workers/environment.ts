// The Worker's bindings: the second argument of handlers, and `env` of cloudflare:workers.
// https://developers.cloudflare.com/workers/runtime-apis/bindings/

const { defineProperty, deleteProperty, get, getOwnPropertyDescriptor, has, ownKeys, set } =
  Reflect;
const { setPrototypeOf } = Object;
const { Proxy } = globalThis;

let environment: object = {};
let variables: readonly string[] = [];

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

/** An object that is like the one that `current` gives at the moment. */
export function likeCurrent(current: () => object): object {
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
