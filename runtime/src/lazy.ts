// Scripts that are too rare for the snapshot: each file of lazy/ becomes one, evaluated when a
// Worker first needs it. What such a file imports from the rest of the runtime layer is the
// snapshot's own module, never a second copy (see build.js).

import { runScript } from "./engine.js";
import { lazySource } from "./host.js";
import { replaceString } from "./primordials.js";
import { safeGlobals } from "./safe_globals.js";
import { unchargedly } from "./uncharged.js";

const { create, defineProperty, freeze } = Object;

type SharedModules = Record<string, unknown>;
type LazyScript = (
  shared: SharedModules,
  globals: Record<string, unknown>,
  require: (name: string) => unknown,
) => unknown;

const loaded: Record<string, unknown> = create(null);
let sharedModules: SharedModules;

/** The modules of the snapshot that lazy scripts import. */
export function setSharedModules(modules: SharedModules): void {
  sharedModules = freeze(modules);
}

/** The exports of `lazy/NAME.ts`; a caller says their type: `typeof import("./lazy/NAME.js")`. */
export function loadLazy(name: string): unknown {
  loaded[name] ??= unchargedly(() => evaluate(name));
  return loaded[name];
}

function evaluate(name: string): unknown {
  const script = runScript(lazySource(name), `edgewright:lazy/${name}`) as LazyScript;
  return script(sharedModules, safeGlobals, requireNode);
}

/** The exports of a `node:` module for another lazy script, as `require` would give them. */
function requireNode(name: string): unknown {
  const exports = loadLazy(`node.${replaceString(name, "/", ".")}`) as Record<string, unknown>;
  return exports.default;
}

/**
 * Globals that `lazy/SCRIPT.ts` exports. They look like any other once they have been touched;
 * until then they are accessors.
 */
export function lazyGlobals(script: string, names: string[], enumerable = false): void {
  for (const name of names) {
    const become = (value: unknown): void => {
      defineProperty(globalThis, name, {
        __proto__: null,
        value,
        enumerable,
        writable: true,
        configurable: true,
      } as PropertyDescriptor);
    };
    defineProperty(globalThis, name, {
      get() {
        const value = (loadLazy(script) as Record<string, unknown>)[name];
        become(value);
        return value;
      },
      set: become,
      enumerable,
      configurable: true,
    });
  }
}
