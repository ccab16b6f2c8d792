// What a service binding is in `env`: another Worker, by its fetch() and, as any other property, by
// the methods of its entrypoint, which are called by RPC.
// https://developers.cloudflare.com/workers/runtime-apis/bindings/service-bindings/

import { loadLazy } from "../lazy.js";
import type { Props } from "../protocol.js";
import { fetchFromService } from "../web/fetch.js";
import type { Response } from "../web/response.js";
import { requireArguments } from "../web/webidl.js";

const { Proxy, TypeError } = globalThis;
const { get } = Reflect;
const { create, setPrototypeOf } = Object;

/** What answers: a binding's Worker, or an export of this one. */
export interface ServiceRef {
  readonly binding: string | null;
  readonly entrypoint: string | null;
  readonly props: Props;
}

/** What is too large for the snapshot. */
export function loadRpc(): typeof import("../lazy/rpc.js") {
  return loadLazy("rpc") as typeof import("../lazy/rpc.js");
}

let making = false;
let serviceOf: (fetcher: Fetcher) => ServiceRef;
export let isFetcher: (value: unknown) => value is Fetcher;

/** Only the runtime layer makes them, one for each binding. */
export class Fetcher {
  readonly #service: ServiceRef;

  static {
    serviceOf = (fetcher) => fetcher.#service;
    isFetcher = (value): value is Fetcher =>
      typeof value === "object" && value !== null && #service in value;
  }

  constructor(service: ServiceRef) {
    if (!making) throw new TypeError("Illegal constructor");
    this.#service = service;
  }

  /** Lets the other Worker answer a request, whatever its URL. What it throws is thrown here. */
  fetch(input: unknown, init: unknown = undefined): Promise<Response> {
    requireArguments("fetch", arguments.length, 1);
    return fetchFromService(this.#service, input, init);
  }
}

// Where a property is looked for that neither the object nor its class has.
const inherited: ProxyHandler<object> = {
  get(target, key, receiver) {
    // A `then` would make a promise of it.
    if (typeof key === "symbol" || key === "then" || key in target || !isFetcher(receiver)) {
      return get(target, key, receiver);
    }
    return loadRpc().serviceProperty(serviceOf(receiver), key);
  },
};
setPrototypeOf(
  Fetcher.prototype,
  new Proxy(create(Object.prototype), setPrototypeOf(inherited, null)),
);

export function newFetcher(service: ServiceRef): Fetcher {
  making = true;
  try {
    return new Fetcher(service);
  } finally {
    making = false;
  }
}
