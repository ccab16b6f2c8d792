// Bundles the runtime layer for the Python package: `runtime.js`, which becomes the snapshot, and
// the scripts that are evaluated when a Worker needs them, one for each file of src/lazy/.

import { readdir, rm, stat, writeFile } from "node:fs/promises";
import { dirname, relative, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { options, safeNames } from "./bundle.js";

const path = (relative) => fileURLToPath(new URL(relative, import.meta.url));
const source = path("src");
const lazy = path("src/lazy");
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
      if (target.startsWith(`${lazy}/`)) return undefined;
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
const banner = `((sharedModules, globalThis) => { "use strict"; const { ${safeNames} } = globalThis;`;
const names = (await readdir(lazy)).filter((file) => file.endsWith(".ts"));
for (const file of names) {
  const name = file.slice(0, -".ts".length);
  const { outputFiles } = await build({
    ...options,
    write: false,
    entryPoints: [`${lazy}/${file}`],
    plugins: [...options.plugins, sharedByLazy],
    format: "iife",
    globalName: "exported",
    banner: { js: banner },
    footer: { js: "return exported; })" },
    outfile: `${output}/runtime-${name}.js`,
  });
  const script = outputFiles[0].text.replaceAll(HELPER, "Object.hasOwn(to,key)");
  if (script.includes("__hasOwnProp.call(")) throw new Error("esbuild has other helpers now");
  await writeFile(`${output}/runtime-${name}.js`, script);
}

await build({
  ...options,
  entryPoints: [path("src/main.ts")],
  plugins: [...options.plugins, sharedModules],
  format: "iife",
  outfile: `${output}/runtime.js`,
});

for (const name of (await readdir(output)).filter((file) => /^runtime.*\.js$/.test(file))) {
  const { size } = await stat(`${output}/${name}`);
  console.log(`${name} ${(size / 1024).toFixed(1)} KiB`);
}
