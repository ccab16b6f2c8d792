// How modules become scripts: shared by the build and by the tests.

import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";

const inSource = (path) => fileURLToPath(new URL(`./src/${path}`, import.meta.url));

/**
 * whatwg-url reaches for tables that would triple the snapshot: IDNA's, which are loaded when a
 * host needs them, and the legacy encodings', which an URL of a Worker never uses (Workers are
 * UTF-8). Its text encoder would be the global one, which is not there while the snapshot is built.
 */
const replacements = [
  { from: /^tr46$/, by: "whatwg-url", to: inSource("web/url_idna.ts") },
  { from: /^\.\/encoding$/, by: "whatwg-url", to: inSource("web/url_utf8.ts") },
  { from: /^@exodus\/bytes\/whatwg\.js$/, by: "whatwg-url", to: inSource("web/url_utf8.ts") },
  { from: /^@exodus\/bytes\/encoding\.js$/, by: "whatwg-url", to: inSource("web/url_utf8.ts") },
];

export const leanUrl = {
  name: "lean-url",
  setup(build) {
    for (const { from, by, to } of replacements) {
      build.onResolve({ filter: from }, ({ importer }) =>
        importer.includes(`/node_modules/${by}/`) ? { path: to } : undefined,
      );
    }
  },
};

/** Globals that lazy scripts get from safe_globals.ts instead of from the Worker's global object. */
export const safeNames = [
  ...["Array", "ArrayBuffer", "BigInt", "BigInt64Array", "BigUint64Array", "Boolean", "DataView"],
  ...["Date", "Error", "EvalError", "FinalizationRegistry", "Float32Array", "Float64Array"],
  ...["Function", "Int16Array", "Int32Array", "Int8Array", "Intl", "JSON", "Map", "Math"],
  ...["Number", "Object", "Promise", "Proxy", "RangeError", "ReferenceError", "Reflect", "RegExp"],
  ...["Set", "String", "Symbol", "SyntaxError", "TypeError", "URIError", "Uint16Array"],
  ...["Uint32Array", "Uint8Array", "Uint8ClampedArray", "WeakMap", "WeakRef", "WeakSet"],
  ...["decodeURIComponent", "encodeURIComponent", "isFinite", "isNaN", "parseFloat", "parseInt"],
];

/**
 * web-streams-polyfill calls methods of built-ins by way of `call`, and static functions of the
 * globals of the moment, both of which a Worker may have replaced.
 */
export const hardenedStreams = {
  name: "hardened-streams",
  setup(build) {
    build.onLoad({ filter: /web-streams-polyfill\/dist\/ponyfill\.mjs$/ }, async ({ path }) => {
      const globals = `import { AbortController } from ${JSON.stringify(inSource("web/abort.ts"))};
        import { safeGlobals } from ${JSON.stringify(inSource("safe_globals.ts"))};
        const { Math, Number, Object, Promise, Reflect, Symbol, TypeError } = safeGlobals;`;
      const source = (await readFile(path, "utf8"))
        .replaceAll("Object.prototype.hasOwnProperty.call(", "Object.hasOwn(")
        .replaceAll("Function.prototype.apply.call(", "Reflect.apply(")
        .replace(/return (\w+)\.call\((\w+),(\w+),(\w+)\)/, "return Reflect.apply($1,$2,[$3,$4])");
      const left = source.match(/\.(?:call|apply)\(/g) ?? [];
      // Reflect.apply() itself, twice, and Symbol.for() while it loads.
      if (left.length !== 3) throw new Error("web-streams-polyfill has changed: look at it again");
      return { contents: globals + source };
    });
  },
};

/**
 * @exodus/bytes compares an array's constructor with what its script has for Uint8Array, which is a
 * safe copy (safe_globals.ts).
 */
export const copiedConstructors = {
  name: "copied-constructors",
  setup(build) {
    build.onLoad({ filter: /@exodus\/bytes\/fallback\/_utils\.js$/ }, async ({ path }) => ({
      contents: (await readFile(path, "utf8")).replaceAll(
        "arr.constructor !== Uint8Array",
        "!(arr instanceof Uint8Array)",
      ),
    }));
  },
};

/** Names stay: Workers see the names of classes, and people read stack traces. */
export const options = {
  bundle: true,
  // V8 keeps the source in every isolate, and in two bytes for each character if only one of them
  // is not Latin-1.
  charset: "ascii",
  define: { SAFE_NAMES: JSON.stringify(safeNames) },
  legalComments: "none",
  logLevel: "warning",
  minifySyntax: true,
  minifyWhitespace: true,
  plugins: [leanUrl, hardenedStreams, copiedConstructors],
  target: "esnext",
};
