// Stands in for src/lazy.ts: the one lazy script that the tests need is there from the start.

import * as idna from "../src/lazy/idna.js";

export function loadLazy(_name: string): unknown {
  return idna;
}

export function lazyGlobals(): void {}
