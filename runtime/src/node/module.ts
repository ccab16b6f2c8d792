// https://nodejs.org/api/module.html

import nodeModule, { builtinModules } from "unenv/node/module";
import { requireBuiltIn, requireFrom } from "../modules.js";

export * from "unenv/node/module";

type Require = (specifier: unknown) => unknown;

/** Gives what CommonJS modules call `require`, for a module at `path`: a path or an URL. */
export function createRequire(path: unknown): Require {
  const place = `${path}`;
  if (!/^(?:file:\/\/|worker:)?\//.test(place)) {
    throw new TypeError(
      "The argument must be a file URL object, a file URL string, or an absolute path string.",
    );
  }
  const referrer = `worker:${place.replace(/^(?:file:\/\/|worker:)/, "")}`;
  return (specifier) => requireFrom(referrer, specifier);
}

export function isBuiltin(name: string): boolean {
  return requireBuiltIn(name) !== undefined;
}

export { builtinModules };

export default Object.assign(nodeModule, { createRequire, isBuiltin });
