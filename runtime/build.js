// Bundles the runtime layer for the Python package: `runtime.js`, which becomes the snapshot, and
// the scripts that are evaluated when a Worker needs them.

import { stat } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { options } from "./bundle.js";

const path = (relative) => fileURLToPath(new URL(relative, import.meta.url));
const output = path("../src/edgewright/isolate");

await build({
  ...options,
  entryPoints: [path("src/main.ts")],
  format: "iife",
  outfile: `${output}/runtime.js`,
});

// A lazy script is an expression: evaluating it gives the exports of its module.
await build({
  ...options,
  entryPoints: [path("src/lazy/idna.ts")],
  format: "iife",
  globalName: "exported",
  banner: { js: "(() => {" },
  footer: { js: "return exported; })()" },
  outfile: `${output}/runtime-idna.js`,
});

for (const name of ["runtime.js", "runtime-idna.js"]) {
  const { size } = await stat(`${output}/${name}`);
  console.log(`${name} ${(size / 1024).toFixed(1)} KiB`);
}
