// Modules that are no ES modules: texts, bytes, WebAssembly, JSON, CommonJS; and those that the
// runtime layer brings. The ES modules around them are made by isolate/worker_modules.py, which
// import what is here.
// https://developers.cloudflare.com/workers/wrangler/bundling/

import { runScript } from "./engine.js";
import { host } from "./host.js";
import { loadLazy } from "./lazy.js";
import {
  replaceString,
  SafeMap,
  StringLastIndexOf,
  StringSlice,
  StringStartsWith,
  splitString,
  TypedArrayBuffer,
} from "./primordials.js";
import { compileModule } from "./web/webassembly.js";
import { hasFlag } from "./workers/compatibility.js";

const { parse } = JSON;
const { apply, setPrototypeOf } = Reflect;
const { create } = Object;
const { Error, SyntaxError } = globalThis;

export type AssetKind = "commonjs" | "json" | "text" | "data" | "wasm";

type CommonJsFunction = (
  exports: unknown,
  require: (specifier: unknown) => unknown,
  module: CommonJsModule,
  filename: string,
  dirname: string,
) => void;

interface CommonJsModule {
  readonly path: string;
  exports: unknown;
}

let kinds: Record<string, AssetKind> = create(null);
const values = new SafeMap<string, unknown>();
const commonJs = new SafeMap<string, CommonJsModule>();
const namespaces = new SafeMap<string, object>();

/** What is there, by specifier. */
export function setAssetKinds(given: Record<string, AssetKind>): void {
  setPrototypeOf(given, null);
  kinds = given;
}

/** The default export of the ES module around an asset. */
export function asset(specifier: string): unknown {
  if (kinds[specifier] !== "commonjs") return value(specifier);
  const { exports } = requireCommonJs(specifier);
  return hasFlag("export_commonjs_default") ? exports : { default: exports };
}

/** An ES module that CommonJS modules may require; it has been evaluated. */
export function addNamespace(specifier: string, namespace: object): void {
  namespaces.set(specifier, namespace);
}

/** The exports of `node:…` or `cloudflare:…`. */
export function builtIn(specifier: string): Record<string, unknown> {
  return loadLazy(scriptOf(specifier)) as Record<string, unknown>;
}

/** "node:fs/promises" is made by the script "node.fs.promises". */
function scriptOf(specifier: string): string {
  return replaceString(replaceString(specifier, ":", "."), "/", ".");
}

/** The exports of a built-in module as `require` gives them; undefined where there is none. */
export function requireBuiltIn(specifier: string): unknown {
  const known = host.builtIn(specifier);
  if (known === null) return undefined;
  const exports = builtIn(known);
  return "default" in exports ? exports.default : exports;
}

function value(specifier: string): unknown {
  if (!values.has(specifier)) values.set(specifier, makeValue(specifier));
  return values.get(specifier);
}

function makeValue(specifier: string): unknown {
  const content = host.asset(specifier);
  switch (kinds[specifier]) {
    case "json":
      return parse(content as string);
    case "data":
      return TypedArrayBuffer(content as Uint8Array);
    case "wasm":
      return compileModule(content as Uint8Array);
    default:
      return content;
  }
}

// --- CommonJS ------------------------------------------------------------------------------------

/** `require` of a module: what it asks for is relative to `referrer`. */
export function requireFrom(referrer: string, specifier: unknown): unknown {
  const name = `${specifier}`;
  const exports = requireBuiltIn(name);
  if (exports !== undefined) return exports;
  const target = `worker:${joinPath(folderOf(referrer), name)}`;
  if (kinds[target] === "commonjs") return requireCommonJs(target).exports;
  if (kinds[target] !== undefined) return value(target);
  const namespace = namespaces.get(target);
  if (namespace === undefined) throw new Error(`No such module "${StringSlice(target, 8)}".`);
  const defaults = hasFlag("require_returns_default_export") && "default" in namespace;
  return defaults ? namespace.default : namespace;
}

function requireCommonJs(specifier: string): CommonJsModule {
  const known = commonJs.get(specifier);
  if (known !== undefined) return known;
  const path = StringSlice(specifier, 7);
  const folder = folderOf(specifier);
  const module: CommonJsModule = { path, exports: {} };
  commonJs.set(specifier, module);
  try {
    const require = (name: unknown): unknown => requireFrom(specifier, name);
    apply(compile(specifier), undefined, [module.exports, require, module, path, folder]);
  } catch (error) {
    commonJs.delete(specifier);
    throw error;
  }
  return module;
}

/** The source is no module, so sloppy where it doesn't say otherwise. */
function compile(specifier: string): CommonJsFunction {
  const source = host.asset(specifier) as string;
  const made = runScript(
    `edgewrightHandOver(function (exports, require, module, __filename, __dirname) {${source}\n})`,
    specifier,
  );
  if (typeof made !== "function") throw new SyntaxError(`${specifier} is no CommonJS module.`);
  return made as CommonJsFunction;
}

/** "worker:/lib/x.cjs" → "/lib" */
function folderOf(specifier: string): string {
  const end = StringLastIndexOf(specifier, "/");
  return end <= 7 ? "/" : StringSlice(specifier, 7, end);
}

function joinPath(folder: string, path: string): string {
  const parts = splitString(StringStartsWith(path, "/") ? path : `${folder}/${path}`, "/");
  let joined = "";
  for (let i = 0; i < parts.length; i++) {
    const part = parts[i] as string;
    if (part === "..") joined = StringSlice(joined, 0, StringLastIndexOf(joined, "/"));
    else if (part !== "" && part !== ".") joined += `/${part}`;
  }
  return joined;
}
