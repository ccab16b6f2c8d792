// Compatibility flags: which are on is decided by config/compatibility.py, which has the table of
// all that change something; what they change of the global scope is done here.

import { lazyGlobals } from "../lazy.js";
import { safeRecord } from "../primordials.js";
import { defineInterface } from "../web/webidl.js";
import { Timeout } from "./timeout.js";

const { defineProperty, freeze } = Object;

/** Globals that are there only with a flag. */
const GLOBALS_OF_FLAGS: Record<string, readonly string[]> = {
  enable_weak_ref: ["WeakRef", "FinalizationRegistry"],
  expose_global_message_channel: ["MessageChannel", "MessagePort"],
  global_navigator: ["navigator", "Navigator"],
};

const flags = safeRecord<true>();

export function hasFlag(name: string): boolean {
  return flags[name] === true;
}

class Cloudflare {}

defineInterface("Cloudflare", Cloudflare);

/** The global `Cloudflare`. The flags that change nothing here are not among its own. */
export const cloudflare = new Cloudflare();

/** Before the Worker's first line. */
export function setFlags(names: readonly string[]): void {
  for (const name of names) flags[name] = true;
  defineProperty(cloudflare, "compatibilityFlags", {
    value: freeze({ ...flags }),
    enumerable: true,
    configurable: true,
  });
  for (const [flag, globals] of Object.entries(GLOBALS_OF_FLAGS)) {
    if (hasFlag(flag)) continue;
    for (const name of globals) Reflect.deleteProperty(globalThis, name);
  }
  if (hasFlag("enable_nodejs_global_timers")) {
    define(
      "setTimeout",
      function setTimeout(callback: Callback, delay: unknown, ...values: unknown[]) {
        return new Timeout(callback, delay, values, false);
      },
    );
    define(
      "setInterval",
      function setInterval(callback: Callback, delay: unknown, ...values: unknown[]) {
        return new Timeout(callback, delay, values, true);
      },
    );
  }
  if (!hasFlag("nodejs_compat_v2")) return;
  lazyGlobals("node_globals", ["process", "Buffer", "setImmediate", "clearImmediate"], true);
  define("global", globalThis);
}

type Callback = (...values: unknown[]) => unknown;

function define(name: string, value: object | ((...values: never[]) => unknown)): void {
  defineProperty(globalThis, name, {
    value,
    enumerable: true,
    writable: true,
    configurable: true,
  });
}
