// What is settled before the Worker's first line runs.

import { letClockRun } from "../clock.js";
import { type AssetKind, addNamespace, asset, builtIn, setAssetKinds } from "../modules.js";
import { setFlags } from "./compatibility.js";
import { setEnvironment } from "./environment.js";
import { newFetcher } from "./fetcher.js";

const { defineProperty } = Object;

/** Made by isolate/worker_modules.py. */
interface Settings {
  vars: Record<string, unknown>;
  /** Names of the service bindings. */
  services: string[];
  /** The classic form has no `env`: its bindings are globals. */
  classic: boolean;
  flags: string[];
  liveClock: boolean;
  /** The modules that are no ES modules. */
  kinds: Record<string, AssetKind>;
}

/** Gives what the generated modules need. */
export function configure(json: string): object {
  const settings = JSON.parse(json) as Settings;
  if (settings.liveClock) letClockRun();
  const variables = Object.keys(settings.vars);
  const bindings = settings.classic ? globalThis : settings.vars;
  for (const name of settings.services) {
    defineProperty(bindings, name, {
      value: newFetcher(name),
      enumerable: true,
      writable: true,
      configurable: true,
    });
  }
  setEnvironment(settings.vars, variables);
  setAssetKinds(settings.kinds);
  setFlags(settings.flags);
  return { asset, addNamespace, builtIn };
}
