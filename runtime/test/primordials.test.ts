// The functions of primordials.ts do what the methods do, also when the methods are gone.

import assert from "node:assert/strict";
import { test } from "node:test";
import * as safe from "../src/primordials.js";

/** Runs the action while the prototypes have nothing left, and setters lurk for indices. */
function patched<T>(action: () => T): T {
  const kept: [object, PropertyKey, PropertyDescriptor][] = [];
  const { ownKeys, getOwnPropertyDescriptor, defineProperty, deleteProperty } = Reflect;
  const trap = (): never => {
    throw new Error("patched");
  };
  const prototypes = [String, Map, Set, Promise, RegExp, Uint8Array, Array].map((c) => c.prototype);
  for (let i = 0; i < prototypes.length; i++) {
    const prototype = prototypes[i] as object;
    const keys = ownKeys(prototype);
    for (let j = 0; j < keys.length; j++) {
      const key = keys[j] as PropertyKey;
      const descriptor = getOwnPropertyDescriptor(prototype, key) as PropertyDescriptor;
      if (key === "constructor" || !descriptor.configurable) continue;
      kept[kept.length] = [prototype, key, descriptor];
      defineProperty(prototype, key, { get: trap, configurable: true });
    }
  }
  defineProperty(Object.prototype, "0", { get: trap, set: trap, configurable: true });
  try {
    return action();
  } finally {
    deleteProperty(Object.prototype, "0");
    for (let i = 0; i < kept.length; i++) {
      const { 0: prototype, 1: key, 2: descriptor } = kept[i] as (typeof kept)[0];
      defineProperty(prototype, key, descriptor);
    }
  }
}

test("strings", () => {
  const result = patched(() => ({
    parts: safe.splitString("a, b, ", ", ").length,
    replaced: safe.replaceString("a.b.", ".", "--"),
    slice: safe.StringSlice("abc", 1),
    lower: safe.StringToLowerCase("ABC"),
    matches: safe.RegExpMatches(/^b/, "abc"),
  }));
  assert.deepEqual(result, {
    parts: 3,
    replaced: "a--b--",
    slice: "bc",
    lower: "abc",
    matches: false,
  });
});

test("lists", () => {
  const list = patched(() => {
    const list = safe.safeList<number>();
    list[list.length] = 3;
    list[list.length] = 4;
    return safe.listFilter(
      safe.listMap(list, (item) => item * 2),
      (item) => item > 6,
    );
  });
  assert.deepEqual(safe.toArray(list), [8]);
});

test("maps and sets", () => {
  const result = patched(() => {
    const map = new safe.SafeMap<string, number>();
    map.set("a", 1);
    const set = new safe.SafeSet<string>();
    set.add("x");
    let walked = "";
    map.forEach((value, key) => {
      walked += key + value;
    });
    return { got: map.get("a"), size: map.size, has: set.has("x"), walked };
  });
  assert.deepEqual(result, { got: 1, size: 1, has: true, walked: "a1" });
});

test("promises", async () => {
  const seen: unknown[] = [];
  const { first, second } = patched(() => ({
    first: safe.PromiseThen(safe.PromiseResolve(1), (value) => value + 1),
    second: safe.PromiseThen(safe.PromiseReject("no"), null, (error) => error),
  }));
  seen.push(await first, await second);
  assert.deepEqual(seen, [2, "no"]);
});

test("bytes", () => {
  const bytes = new Uint8Array([1, 2, 3, 4]);
  const result = patched(() => {
    const copy = safe.copyBytes(bytes, 1, 3);
    const view = safe.bytesOfView(new DataView(bytes.buffer, 2));
    return { first: copy[0], second: copy[1], viewed: view[0], is: safe.isUint8Array(view) };
  });
  assert.deepEqual(result, { first: 2, second: 3, viewed: 3, is: true });
});
