import assert from "node:assert/strict";
import { test } from "node:test";
import { inspect as nodeInspect } from "node:util";
import { inspect } from "../src/web/inspect.js";
import { URL } from "../src/web/url.js";
import { URLSearchParams } from "../src/web/url_search_params.js";
import { promiseDetails, proxyDetails } from "./fake_engine.js";

class Point {
  x = 1;
  #secret = 2;
  get sum(): number {
    return this.x + this.#secret;
  }
}

class Tagged {
  readonly [Symbol.toStringTag] = "Odd";
}

const circular: Record<string, unknown> = { name: "loop" };
circular.self = circular;
circular.inner = { back: circular };

const sameAsNode: Record<string, unknown> = {
  string: "it's",
  "both quotes": 'it\'s "so"',
  escapes: "tab\t nul\0 \ud800 é",
  numbers: [1, -0, 1.5, Number.NaN, 12n],
  nothing: [undefined, null, true],
  symbol: Symbol("s"),
  empty: [{}, [], new Map(), new Set()],
  nested: { a: { b: { c: { d: 1 } } } },
  "deep list": [[[[[1]]]]],
  long: Object.fromEntries(Array.from({ length: 30 }, (_, i) => [`key${i}`, `value ${i}`])),
  "list of numbers": Array.from({ length: 120 }, (_, i) => i * i),
  "list of words": Array.from({ length: 27 }, (_, i) => "word".repeat(1 + (i % 3))),
  "list of objects": Array.from({ length: 8 }, (_, i) => ({ id: i, name: `n${i}`, tags: ["a"] })),
  holes: Object.assign(new Array(4), { 0: 1, 3: 4 }),
  "list with a key": Object.assign([1, 2], { extra: true }),
  map: new Map<unknown, unknown>([
    ["a", 1],
    [{ k: 1 }, [1, 2]],
  ]),
  set: new Set([1, "two", [3]]),
  bytes: new Uint8Array([1, 2, 255]),
  buffer: new Uint8Array([1, 2, 255]).buffer,
  view: new DataView(new ArrayBuffer(2)),
  floats: new Float64Array(2),
  date: new Date(0),
  "no date": new Date(Number.NaN),
  regexp: /a\/b/gi,
  function: function named() {},
  anonymous: () => {},
  async: async function later() {},
  generator: function* some() {},
  class: Point,
  subclass: class Sub extends Point {},
  instance: new Point(),
  tagged: new Tagged(),
  bare: Object.assign(Object.create(null), { a: 1 }),
  accessors: Object.defineProperties(
    {},
    {
      r: { get: () => assert.fail("called"), enumerable: true },
      w: { set() {}, enumerable: true },
      rw: { get: () => assert.fail("called"), set() {}, enumerable: true },
      hidden: { value: 1 },
    },
  ),
  "odd keys": { "a-b": 1, 2: 2, [Symbol("k")]: 3, "it's": 4 },
  circular,
  boxed: [Object(1), Object("ab"), Object(true), Object(1n)],
  weak: [new WeakMap(), new WeakSet()],
  multiline: { text: "a\nb".repeat(3), other: "x".repeat(70) },
};

for (const [name, value] of Object.entries(sameAsNode)) {
  test(`shows as node does: ${name}`, () => {
    assert.equal(inspect(value), nodeInspect(value));
  });
}

test("errors show their stack, their properties and their cause", () => {
  const error = Object.assign(new TypeError("bad", { cause: new Error("root") }), { code: 7 });
  const text = inspect(error);
  assert.match(text, /^TypeError: bad\n {4}at /);
  assert.match(text, /\{\n {2}\[cause\]: Error: root\n {4}/);
  assert.match(text, /code: 7\n\}$/);
  error.stack = "TypeError: bad";
  assert.match(inspect(error), /^\[TypeError: bad\] \{/);
});

test("promises", () => {
  const pending = new Promise(() => {});
  const settled = Promise.resolve(1);
  promiseDetails.set(settled, [1, { a: 1 }]);
  // Node hangs symbols of its own on promises while tests run.
  assert.match(inspect(pending), /^Promise \{\s+<pending>/);
  assert.match(inspect(settled), /^Promise \{\s+\{ a: 1 \}/);
  promiseDetails.set(settled, [2, 3]);
  assert.match(inspect(settled), /^Promise \{\s+<rejected> 3/);
});

test("proxies are looked through, and their traps stay asleep", () => {
  const handler = new Proxy({}, { get: () => assert.fail("trapped") });
  const target = { a: 1 };
  const proxy = new Proxy(target, handler);
  proxyDetails.set(proxy, [target, handler]);
  assert.equal(inspect({ proxy }), "{ proxy: { a: 1 } }");
  assert.equal(inspect(new Proxy({}, {})), "<Revoked Proxy>");
});

test("output is bounded", () => {
  const wide = Array.from({ length: 100 }, () =>
    Array.from({ length: 100 }, () => Array.from({ length: 100 }, () => "x".repeat(100))),
  );
  assert.ok(inspect(wide).length < 300_000);
  assert.ok(inspect({ text: "x".repeat(1e6) }).length < 20_000);
  assert.match(inspect(new Array(2 ** 31)), /<2147483648 empty items>/);
});

test("platform classes show what they hold", () => {
  assert.equal(inspect(new URLSearchParams("a=1&b=x")), "URLSearchParams { a: '1', b: 'x' }");
  assert.match(
    inspect(new URL("https://a.b/c?d=1")),
    /^URL \{\n {2}href: 'https:\/\/a.b\/c\?d=1',/,
  );
  assert.equal(inspect(Object.create(URL.prototype)), "URL {}");
  assert.match(inspect(URL), /^\[class URL\]/);
});
