// What is settled before the Worker's first line runs.

import { letClockRun } from "../clock.js";
import { watchPromises } from "../hung.js";
import { loadLazy } from "../lazy.js";
import { type AssetKind, addNamespace, asset, builtIn, setAssetKinds } from "../modules.js";
import { setMessageLimit } from "../web/web_sockets.js";
import { setFlags } from "./compatibility.js";
import { setEnvironment } from "./environment.js";
import { newFetcher } from "./fetcher.js";

const { defineProperty } = Object;

/** What the script of each kind of binding exports. */
export interface BindingScript {
  newBinding(name: string): object;
}

/** Made by isolate/worker_modules.py. */
interface Settings {
  vars: Record<string, unknown>;
  /** Names of the service bindings. */
  services: string[];
  /** Name → kind of the others: a lazy script that makes the object. */
  bindings: Record<string, string>;
  /** The classic form has no `env`: its bindings are globals. */
  classic: boolean;
  flags: string[];
  liveClock: boolean;
  /** Bytes that a WebSocket's message may have. */
  websocketMessage: number;
  watchPromises: boolean;
  /** DevTools may look at this isolate. */
  inspected: boolean;
  /** The modules that are no ES modules. */
  kinds: Record<string, AssetKind>;
}

/** Gives what the generated modules need. */
export function configure(json: string): object {
  const settings = JSON.parse(json) as Settings;
  if (settings.liveClock) letClockRun();
  if (settings.watchPromises) watchPromises(true);
  if (settings.inspected) loadLazy("inspected");
  const variables = Object.keys(settings.vars);
  const bindings = settings.classic ? globalThis : settings.vars;
  const define = (name: string, value: object): void => {
    defineProperty(bindings, name, { value, enumerable: true, writable: true, configurable: true });
  };
  for (const name of settings.services) {
    define(name, newFetcher({ binding: name, entrypoint: null, props: null }));
  }
  for (const name of Object.keys(settings.bindings)) {
    define(name, (loadLazy(settings.bindings[name] as string) as BindingScript).newBinding(name));
  }
  setEnvironment(settings.vars, variables);
  setAssetKinds(settings.kinds);
  setFlags(settings.flags);
  setMessageLimit(settings.websocketMessage);
  return { asset, addNamespace, builtIn };
}
