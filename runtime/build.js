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

/**
 * esbuild's helpers call methods, walk lists and take properties for their own, all of which would
 * give a Worker that has patched them our modules.
 */
const HELPERS = [
  [
    /for\(var name in (\w+)\)__defProp\(target,name,\{get:\1\[name\],enumerable:!0\}\)/g,
    "const names=safe.Object.getOwnPropertyNames($1);for(let i=0;i<names.length;i++)" +
      "__defProp(target,names[i],{__proto__:null,get:$1[names[i]],enumerable:!0})",
  ],
  [
    "for(let key of __getOwnPropNames(from))!__hasOwnProp.call(to,key)&&key!==except&&" +
      "__defProp(to,key,{get:()=>from[key],enumerable:!(desc=__getOwnPropDesc(from,key))||desc.enumerable})",
    "{const keys=__getOwnPropNames(from);for(let i=0;i<keys.length;i++){const key=keys[i];" +
      "!safe.Object.hasOwn(to,key)&&key!==except&&__defProp(to,key,{__proto__:null,get:()=>from[key]," +
      "enumerable:!(desc=__getOwnPropDesc(from,key))||desc.enumerable})}}",
  ],
  ["!mod.__esModule?", '!safe.Object.hasOwn(mod,"__esModule")?'],
  ["{value:mod,enumerable:!0}", "{__proto__:null,value:mod,enumerable:!0}"],
  ['"__esModule",{value:!0}', '"__esModule",{__proto__:null,value:!0}'],
];

function hardenHelpers(text) {
  let safe = text;
  for (const [helper, harmless] of HELPERS) safe = safe.replaceAll(helper, harmless);
  if (
    /__hasOwnProp\.call\(|mod\.__esModule|for\(let key of __|for\(var name in \w+\)__/.test(safe)
  ) {
    throw new Error("esbuild has other helpers now");
  }
  return safe.replace(HELPER_GLOBALS, "$1safe.Object.");
}

// A lazy script hands over (engine.ts) a function of the snapshot's modules, and of the globals as they were before the
// Worker ran, that gives the exports of its own.
const banner = `edgewrightHandOver((sharedModules, globalThis, requireNode) => { "use strict"; const safe = globalThis; const { ${safeNames} } = globalThis;`;
// The modules of Node.js are a Worker's code as any other: what they see are the Worker's globals.
// Only what esbuild adds, and our own files, handle what a Worker may not see.
const nodeBanner = `edgewrightHandOver((sharedModules, safe, requireNode) => { "use strict";`;
const HELPER_GLOBALS = /([ ,]__\w+=)Object\./g;

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
  await writeFile(file, hardenHelpers(outputFiles[0].text));
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
