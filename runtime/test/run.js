// Bundles each test with the runtime's own bundling rules and hands the results to `node --test`.
// The engine and the way out of the isolate are replaced by fakes: what is tested here is pure.

import { spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { options } from "../bundle.js";

const here = fileURLToPath(new URL(".", import.meta.url));

const fakeOf = {
  engine: "fake_engine",
  errors: "fake_io",
  host: "fake_io",
  io: "fake_io",
  lazy: "fake_lazy",
  sinks: "fake_bodies",
};

const fakes = {
  name: "fakes",
  setup(builder) {
    for (const [name, fake] of Object.entries(fakeOf)) {
      builder.onResolve({ filter: new RegExp(`^(?:\\.\\.?/)+${name}\\.js$`) }, () => ({
        path: join(here, `${fake}.ts`),
      }));
    }
  },
};

const output = mkdtempSync(join(tmpdir(), "edgewright-test-"));
try {
  const tests = readdirSync(here).filter((name) => name.endsWith(".test.ts"));
  await build({
    ...options,
    entryPoints: tests.map((name) => join(here, name)),
    format: "esm",
    outdir: output,
    outExtension: { ".js": ".mjs" },
    minifySyntax: false,
    minifyWhitespace: false,
    platform: "node",
    plugins: [fakes, ...options.plugins],
    sourcemap: "inline",
  });
  const files = tests.map((name) => join(output, name.replace(/\.ts$/, ".mjs")));
  const { status } = spawnSync(
    process.execPath,
    ["--enable-source-maps", "--js-base-64", "--test", ...files],
    {
      stdio: "inherit",
    },
  );
  process.exitCode = status ?? 1;
} finally {
  rmSync(output, { recursive: true, force: true });
}
