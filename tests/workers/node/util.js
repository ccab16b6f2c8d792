import util, { callbackify, format, inherits, inspect, isDeepStrictEqual, promisify, types } from "node:util";
import typesModule from "node:util/types";
import { equal, rejected, serve } from "./harness.js";

export default serve({
  inspect() {
    equal(inspect({ a: [1, "x", { b: { c: { d: 1 } } }] }), "{ a: [ 1, 'x', { b: [Object] } ] }");
    equal(inspect(new Map([["k", 1]])), "Map(1) { 'k' => 1 }");
    equal(inspect("x", { colors: true }), "\u001b[32m'x'\u001b[39m");
    equal(inspect({ a: { b: { c: { d: 1 } } } }, { depth: null, compact: true, breakLength: 200 }),
      "{ a: { b: { c: { d: 1 } } } }");
    equal(inspect({ [inspect.custom]: () => "mine" }), "mine");
    equal(inspect(class A {}), "[class A]");
  },
  format() {
    equal(format("%s is %d%% %j %o", "x", 5, { a: 1 }, 1), 'x is 5% {"a":1} 1');
    equal(format("a", "b", { c: 1 }), "a b { c: 1 }");
  },
  async promisify() {
    const add = (a, b, callback) => setTimeout(() => callback(a < 0 ? new Error("no") : null, a + b), 1);
    equal(await promisify(add)(1, 2), 3);
    equal((await rejected(promisify(add)(-1, 2))).message, "no");
    const custom = () => {};
    custom[promisify.custom] = () => "custom";
    equal(promisify(custom)(), "custom");
    equal(promisify.custom, Symbol.for("nodejs.util.promisify.custom"));
    const value = await new Promise((resolve) => callbackify(async (x) => x + 1)(1, (_, v) => resolve(v)));
    equal(value, 2);
  },
  inherits() {
    function Parent() {}
    Parent.prototype.hello = () => "hello";
    function Child() {}
    inherits(Child, Parent);
    equal(new Child().hello(), "hello");
    equal(Child.super_, Parent);
  },
  types() {
    equal(types, typesModule);
    equal(types.isPromise(Promise.resolve()), true);
    equal(types.isPromise({ then() {} }), false);
    equal(types.isDate(new Date()), true);
    equal(types.isRegExp(/x/), true);
    equal(types.isNativeError(new TypeError()), true);
    equal(types.isProxy(new Proxy({}, {})), true);
    equal(types.isUint8Array(Buffer.alloc(1)), true);
    equal(types.isTypedArray(new DataView(new ArrayBuffer(1))), false);
    equal(types.isArrayBuffer(new ArrayBuffer(1)), true);
    equal(types.isAnyArrayBuffer({}), false);
    equal(types.isAsyncFunction(async () => {}), true);
    equal(types.isAsyncFunction(() => {}), false);
    equal(types.isGeneratorFunction(function* () {}), true);
    equal(types.isGeneratorObject((function* () {})()), true);
    equal(types.isBoxedPrimitive(Object(1n)), true);
    equal(types.isNumberObject(1), false);
    equal(types.isWeakMap(new WeakMap()), true);
    equal(types.isMapIterator(new Map().values()), true);
  },
  equality() {
    equal(isDeepStrictEqual({ a: [1, new Set([1])] }, { a: [1, new Set([1])] }), true);
    equal(isDeepStrictEqual({ a: 1 }, { a: "1" }), false);
    equal(isDeepStrictEqual([1, , 3], [1, undefined, 3]), false);
  },
  more() {
    equal(util.stripVTControlCharacters("\u001b[31mred\u001b[0m"), "red");
    equal(util.styleText("red", "x"), "\u001b[31mx\u001b[39m");
    equal(util.toUSVString("\ud800"), "\ufffd");
    equal(util.TextEncoder, TextEncoder);
    equal(util.parseEnv("A=1\nB='two' # c\n").B, "two");
    equal(util.deprecate((x) => x, "old")(5), 5);
    const log = util.debuglog("x");
    equal(log.enabled, false);
  },
});
