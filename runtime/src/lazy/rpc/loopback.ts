// ctx.exports: the Worker's own entrypoints, to be called as those of another one. Each can be called
// with props, as in `ctx.exports.Greeter({ props: { name: "x" } })`.
// https://developers.cloudflare.com/workers/runtime-apis/context/#exports

import { SafeWeakMap } from "../../primordials.js";
import type { Props } from "../../protocol.js";
import { toDictionary } from "../../web/webidl.js";
import { entrypointNames } from "../../workers/entrypoint.js";
import { type Fetcher, isFetcher, newFetcher } from "../../workers/fetcher.js";

const { Proxy, TypeError } = globalThis;
const { apply, deleteProperty, get, getPrototypeOf, setPrototypeOf } = Reflect;
const { parse, stringify } = JSON;

/** What the entries of ctx.exports are, which have to be functions. */
const loopbacks = new SafeWeakMap<object, Fetcher>();

/** The service that a binding, or an entry of ctx.exports, leads to; undefined for other objects. */
export function fetcherOf(value: object): Fetcher | undefined {
  return isFetcher(value) ? value : loopbacks.get(value);
}

/** By the names of the exports. */
export function loopbackExports(): Record<string, unknown> {
  const exports = {} as Record<string, unknown>;
  const names = entrypointNames();
  for (let i = 0; i < names.length; i++) {
    const name = names[i] as string;
    exports[name] = loopback(name);
  }
  return exports;
}

function loopback(entrypoint: string): object {
  const own = newFetcher({ binding: null, entrypoint, props: null });
  const target = (): void => {};
  deleteProperty(target, "name");
  deleteProperty(target, "length");
  const handler: ProxyHandler<object> = {
    apply: (_, __, values) => withProps(entrypoint, values[0]),
    get(_, key) {
      const value = get(own, key, own);
      if (key !== "fetch") return value;
      return (...values: unknown[]) => apply(value as Fetcher["fetch"], own, values as never);
    },
    getPrototypeOf: () => getPrototypeOf(own),
  };
  setPrototypeOf(handler, null);
  const proxy = new Proxy(target, handler);
  loopbacks.set(proxy, own);
  return proxy;
}

function withProps(entrypoint: string, options: unknown): Fetcher {
  const { props } = toDictionary<{ props: unknown }>(options, "The options");
  // As JSON carries it.
  const copy: unknown = props === undefined ? null : parse(stringify(props) ?? "null");
  if (props !== undefined && (typeof copy !== "object" || copy === null)) {
    throw new TypeError("props must be an object.");
  }
  return newFetcher({ binding: null, entrypoint, props: copy as Props });
}
