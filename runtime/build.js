// Bundles the runtime layer for the Python package: `runtime.js`, which becomes the snapshot, and
// the scripts that are evaluated when a Worker needs them, one for each file of src/lazy/, and of
// src/node/ and src/cloudflare/, which are the modules `node:…` and `cloudflare:…`. What these
// export is told by runtime-modules.json.

import { copyFile, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { dirname, relative, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { minify } from "terser";
import { options, safeNames } from "./bundle.js";

const path = (relative) => fileURLToPath(new URL(relative, import.meta.url));
const source = path("src");
const folders = ["lazy", "node", "cloudflare"];
const output = path("../src/edgewright/isolate");

/** What lazy scripts import from the snapshot, by path below src/. */
const shared = new Set();

/** In a lazy script, a module of the snapshot is looked up in what the script is called with. */
const sharedByLazy = {
  name: "shared-by-lazy",
  setup(builder) {
    builder.onResolve({ filter: /^\.\.?\// }, ({ importer, path: specifier }) => {
      if (!importer.startsWith(`${source}/`)) return undefined;
      const target = resolve(dirname(importer), specifier.replace(/\.js$/, ".ts"));
      if (folders.some((folder) => target.startsWith(`${source}/${folder}/`))) return undefined;
      return { path: relative(source, target), namespace: "shared" };
    });
    builder.onLoad({ filter: /.*/, namespace: "shared" }, ({ path: module }) => {
      shared.add(module);
      return { contents: `module.exports = sharedModules[${JSON.stringify(module)}]` };
    });
  },
};

/** The other side of it: the module that gives the snapshot's modules to main.ts. */
const sharedModules = {
  name: "shared-modules",
  setup(builder) {
    builder.onResolve({ filter: /^edgewright:shared$/ }, () => ({
      path: "shared",
      namespace: "modules",
    }));
    builder.onLoad({ filter: /.*/, namespace: "modules" }, () => {
      const modules = [...shared].sort().map((module) => JSON.stringify(module));
      const imports = modules.map(
        (module, i) => `import * as m${i} from ${`"./${module.slice(1)}`};`,
      );
      const entries = modules.map((module, i) => `${module}: m${i}`);
      return {
        contents: `${imports.join("\n")}\nexport default { ${entries.join(", ")} };`,
        resolveDir: source,
      };
    });
  },
};

for (const stale of await readdir(output)) {
  if (/^runtime-.*\.js$/.test(stale)) await rm(`${output}/${stale}`);
}

/** esbuild's helper calls a method, which would give a Worker that replaced it our modules. */
const HELPER = "__hasOwnProp.call(to,key)";

// A lazy script is a function of the snapshot's modules, and of the globals as they were before the
// Worker ran, that gives the exports of its own.
const banner = `((sharedModules, globalThis, requireNode) => { "use strict"; const safe = globalThis; const { ${safeNames} } = globalThis;`;
// The modules of Node.js are a Worker's code as any other: what they see are the Worker's globals.
// Only what esbuild adds, and our own files, handle what a Worker may not see.
const nodeBanner = `((sharedModules, safe, requireNode) => { "use strict";`;
const HELPERS = /([ ,]__\w+=)Object\./g;

const scripts = [];
for (const folder of folders) {
  const files = (await readdir(`${source}/${folder}`)).filter((file) => /^[^.].*\.ts$/.test(file));
  for (const file of files.filter((file) => !file.endsWith(".d.ts"))) {
    const name = file.slice(0, -".ts".length);
    const prefix = folder === "lazy" ? "" : `${folder}.`;
    scripts.push({ entry: `${source}/${folder}/${file}`, folder, name, script: prefix + name });
  }
}
const nodeModules = scripts.filter(({ folder }) => folder === "node").map(({ name }) => name);

/** A module of Node.js is a script of its own: whoever imports it gets what `require` would give. */
const nodeImports = (folder) => ({
  name: "node-imports",
  setup(builder) {
    const filter = folder === "node" ? /^(?:node:)?[a-z_]/ : /^node:/;
    builder.onResolve({ filter }, ({ importer, path: specifier }) => {
      const name = specifier.replace(/^node:|\/$/g, "").replaceAll("/", ".");
      if (!nodeModules.includes(name)) return undefined;
      // Our own file of that name takes it from the package of that name: "string_decoder/".
      if (importer.startsWith(`${source}/`) && specifier.endsWith("/")) return undefined;
      return { path: name, namespace: "node" };
    });
    // Only for where there is none.
    builder.onResolve({ filter: /^abort-controller$/ }, () => ({
      path: "empty",
      namespace: "empty",
    }));
    builder.onLoad({ filter: /.*/, namespace: "empty" }, () => ({ contents: "" }));
    builder.onLoad({ filter: /.*/, namespace: "node" }, ({ path: name }) => ({
      contents: `module.exports = requireNode(${JSON.stringify(name.replaceAll(".", "/"))})`,
    }));
  },
});

const exportsOf = {};
for (const { entry, folder, name, script } of scripts) {
  const file = `${output}/runtime-${script}.js`;
  const how = {
    ...options,
    ...(folder === "node" ? { define: { ...options.define, global: "globalThis" } } : {}),
    write: false,
    entryPoints: [entry],
    plugins: [...options.plugins, nodeImports(folder), sharedByLazy],
    outfile: file,
  };
  const { outputFiles } = await build({
    ...how,
    format: "iife",
    globalName: "exported",
    banner: { js: folder === "node" ? nodeBanner : banner },
    footer: { js: "return exported; })" },
  });
  const text = outputFiles[0].text
    .replaceAll(HELPER, "Object.hasOwn(to,key)")
    .replace(HELPERS, "$1safe.Object.");
  if (text.includes("__hasOwnProp.call(")) throw new Error("esbuild has other helpers now");
  await writeFile(file, text);
  if (folder !== "lazy") {
    const { metafile } = await build({ ...how, format: "esm", metafile: true });
    const { exports } = Object.values(metafile.outputs)[0];
    exportsOf[`${folder}:${name.replaceAll(".", "/")}`] = exports.sort();
  }
}
await writeFile(`${output}/runtime-modules.json`, JSON.stringify(exportsOf));

await copyFile(
  path("node_modules/@worker-tools/html-rewriter/esm/vendor/html_rewriter_bg.wasm"),
  `${output}/runtime-lol_html.wasm`,
);

await build({
  ...options,
  entryPoints: [path("src/main.ts")],
  plugins: [...options.plugins, sharedModules],
  format: "iife",
  outfile: `${output}/runtime.js`,
});

// Each isolate holds this source. Local names are shortened, by terser, as esbuild would take those
// of functions and classes along, which are seen in stack traces and by Workers.
const long = await readFile(`${output}/runtime.js`, "utf8");
const { code } = await minify(long, {
  compress: false,
  format: { ascii_only: true },
  mangle: { keep_classnames: true, keep_fnames: true },
});
await writeFile(`${output}/runtime.js`, code);

for (const name of (await readdir(output)).filter((file) => /^runtime.*\.js$/.test(file))) {
  const { size } = await stat(`${output}/${name}`);
  console.log(`${name} ${(size / 1024).toFixed(1)} KiB`);
}
