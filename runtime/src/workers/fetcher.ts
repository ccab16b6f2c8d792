// What a service binding is in `env`: another Worker, by its fetch().
// https://developers.cloudflare.com/workers/runtime-apis/bindings/service-bindings/http/

import { fetchFromService } from "../web/fetch.js";
import type { Response } from "../web/response.js";
import { requireArguments } from "../web/webidl.js";

const { TypeError } = globalThis;

let making = false;

/** Only the runtime layer makes them, one for each binding. */
export class Fetcher {
  readonly #service: string;

  constructor(service: string) {
    if (!making) throw new TypeError("Illegal constructor");
    this.#service = service;
  }

  /** Lets the other Worker answer a request, whatever its URL. What it throws is thrown here. */
  fetch(input: unknown, init: unknown = undefined): Promise<Response> {
    requireArguments("fetch", arguments.length, 1);
    return fetchFromService(this.#service, input, init);
  }
}

export function newFetcher(service: string): Fetcher {
  making = true;
  try {
    return new Fetcher(service);
  } finally {
    making = false;
  }
}
