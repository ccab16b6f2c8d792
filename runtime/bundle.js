// How modules become scripts: shared by the build and by the tests.

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

/** Names stay: Workers see the names of classes, and people read stack traces. */
export const options = {
  bundle: true,
  charset: "utf8",
  legalComments: "none",
  logLevel: "warning",
  minifySyntax: true,
  minifyWhitespace: true,
  plugins: [leanUrl],
  target: "esnext",
};
