// A rate limit in `env`.
// https://developers.cloudflare.com/workers/runtime-apis/bindings/rate-limit/

import { ArrayIncludes, ArrayJoin, listFilter, PromiseReject } from "../primordials.js";
import { toUsvString } from "../web/webidl.js";
import { operate } from "./bindings/operate.js";

const { Error, String, TypeError } = globalThis;
const { isSafeInteger } = Number;
const { keys } = Object;

const OPTIONS = ["key", "delta"];

let making = false;

export class RateLimit {
  readonly #binding: string;

  constructor(binding: string) {
    if (!making) throw new TypeError("Illegal constructor");
    this.#binding = binding;
  }

  /** Counts a call for `key`, unless there were too many: then `success` is false. */
  limit(options: unknown): Promise<{ success: boolean }> {
    try {
      const { key, delta } = toOptions(options);
      return operate(this.#binding, "limit", [key, delta], (success: boolean) => ({ success }));
    } catch (error) {
      return PromiseReject(error);
    }
  }
}

/** The object in `env`. */
export function newBinding(binding: string): RateLimit {
  making = true;
  try {
    return new RateLimit(binding);
  } finally {
    making = false;
  }
}

/** In the platform's words where it is wrong. */
function toOptions(options: unknown): { key: string; delta: number } {
  if (typeof options !== "object" || options === null) {
    throw new Error("invalid rate limit options");
  }
  const unknown = listFilter(keys(options), (name) => !ArrayIncludes(OPTIONS, name));
  if (unknown.length > 0) throw new Error(`bad rate limit options: [${ArrayJoin(unknown, ",")}]`);
  const { key = "", delta = 1 } = options as Record<string, unknown>;
  if (typeof key !== "string") throw new Error(`invalid key: ${String(key)}`);
  if (!isSafeInteger(delta) || (delta as number) < 1 || (delta as number) > MOST) {
    throw new Error(`invalid delta: ${String(delta)}`);
  }
  return { key: toUsvString(key), delta: delta as number };
}

const MOST = 2 ** 31;
