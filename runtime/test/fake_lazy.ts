// Stands in for src/lazy.ts: lazy scripts are parts of the test's bundle, evaluated on first use.

export function loadLazy(name: string): unknown {
  switch (name) {
    case "console_table":
      return require("../src/lazy/console_table.js");
    case "data_url":
      return require("../src/lazy/data_url.js");
    case "forms":
      return require("../src/lazy/forms.js");
    case "idna":
      return require("../src/lazy/idna.js");
    case "legacy_encodings":
      return require("../src/lazy/legacy_encodings.js");
    case "tidy_url":
      return require("../src/lazy/tidy_url.js");
    case "whatwg_url":
      return require("../src/lazy/whatwg_url.js");
    default:
      throw new Error(`tests have no lazy script ${name}`);
  }
}

export function lazyGlobals(): void {}
