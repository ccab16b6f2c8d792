import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";
import { tick } from "../src/clock.js";
import { performance as ourPerformance } from "../src/lazy/performance.js";
import { structuredClone as ourClone } from "../src/lazy/structured_clone.js";
import { console as ourConsole } from "../src/web/console.js";
import { crypto as ourCrypto } from "../src/web/crypto.js";
import { DOMException as OurException } from "../src/web/dom_exception.js";
import { commands, fake } from "./fake_io.js";

beforeEach(() => {
  commands.length = 0;
});

function lines(): string[] {
  return commands.map((command) => `${command[2]}: ${command[3]}`);
}

test("structuredClone copies, transfers, and refuses", () => {
  const value = { date: new Date(5), map: new Map([[1, new Set([2])]]) };
  assert.deepEqual(ourClone(value), value);
  const buffer = new Uint8Array([1, 2]).buffer;
  const moved = ourClone({ buffer }, { transfer: [buffer] });
  assert.deepEqual([buffer.detached, [...new Uint8Array(moved.buffer)]], [true, [1, 2]]);
  const refused = { name: "DataCloneError", code: 25 };
  assert.throws(() => ourClone(() => {}), refused);
  assert.throws(() => ourClone(1, { transfer: [buffer] }), refused);
  assert.throws(() => ourClone(1, { transfer: [{}] }), refused);
  const twice = new ArrayBuffer(1);
  assert.throws(() => ourClone(1, { transfer: [twice, twice] }), refused);
  const getter = Object.defineProperty({}, "a", { enumerable: true, get: () => missing() });
  const missing = (): never => {
    throw new RangeError("mine");
  };
  assert.throws(() => ourClone(getter), { name: "RangeError", message: "mine" });
  assert.equal(ourClone(new OurException("m", "AbortError")).name, "AbortError");
});

test("crypto: random values and ids", () => {
  const array = new Uint32Array(4);
  assert.equal(ourCrypto.getRandomValues(array), array);
  assert.ok(array.some((value) => value !== 0));
  assert.throws(() => ourCrypto.getRandomValues(new Float32Array(1)), {
    name: "TypeMismatchError",
  });
  assert.throws(() => ourCrypto.getRandomValues({}), { name: "TypeMismatchError" });
  assert.throws(() => ourCrypto.getRandomValues(new Uint8Array(65537)), {
    name: "QuotaExceededError",
  });
  const ids = new Set(Array.from({ length: 200 }, () => ourCrypto.randomUUID()));
  assert.equal(ids.size, 200);
  for (const id of ids) {
    assert.match(id, /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  }
});

test("time passes with events", () => {
  const first = ourPerformance.now();
  tick();
  const second = ourPerformance.now();
  assert.ok(first === 0 && Math.abs(Date.now() - second) < 1000);
  while (Date.now() <= second);
  assert.equal(ourPerformance.now(), second);
  tick();
  assert.ok(ourPerformance.now() > second);
});

test("console: levels and the request", () => {
  ourConsole.log("a");
  ourConsole.error({ b: 1 });
  ourConsole.assert(true, "no");
  ourConsole.assert(false, "%s!", "no");
  const own = fake.request;
  fake.request = null;
  ourConsole.warn("at startup");
  fake.request = own;
  assert.deepEqual(commands[0], ["log", own?.id, "log", "a"]);
  assert.deepEqual(commands.at(-1), ["log", null, "warn", "at startup"]);
  assert.deepEqual(lines().slice(1, 3), ["error: { b: 1 }", "error: Assertion failed: no!"]);
});

test("console: format specifiers", () => {
  ourConsole.log(
    "%s is %d, %i, %f, %o %O%c %% %x",
    "a",
    "4.5",
    "7.9",
    "1.5px",
    [1],
    { b: 2 },
    "css",
    9,
  );
  ourConsole.log("%s %s %s", Symbol("x"), 5n);
  ourConsole.log(1, "text", [2]);
  assert.deepEqual(lines(), [
    "log: a is 4.5, 7, 1.5, [ 1 ] { b: 2 } % %x 9",
    "log: Symbol(x) 5n %s",
    "log: 1 text [ 2 ]",
  ]);
});

test("console: counts, groups and timers", () => {
  ourConsole.count();
  ourConsole.count();
  ourConsole.countReset();
  ourConsole.countReset();
  ourConsole.group("outer");
  ourConsole.log("two\nlines");
  ourConsole.groupEnd();
  ourConsole.groupEnd();
  ourConsole.log("out");
  ourConsole.timeEnd("nothing");
  ourConsole.time("t");
  ourConsole.timeEnd("t");
  assert.deepEqual(lines().slice(0, -1), [
    "info: default: 1",
    "info: default: 2",
    "warn: Count for 'default' does not exist",
    "log: outer",
    "log:   two\n  lines",
    "log: out",
    "warn: Timer 'nothing' does not exist",
  ]);
  assert.match(lines().at(-1) ?? "", /^info: t: [\d.]+ms$/);
});

test("console: tables", () => {
  ourConsole.table([{ a: 1, b: "x" }, { a: 2 }, 3]);
  assert.deepEqual(lines()[0]?.split("\n"), [
    "log: ┌─────────┬───┬─────┬────────┐",
    "│ (index) │ a │ b   │ Values │",
    "├─────────┼───┼─────┼────────┤",
    "│ 0       │ 1 │ 'x' │        │",
    "│ 1       │ 2 │     │        │",
    "│ 2       │   │     │ 3      │",
    "└─────────┴───┴─────┴────────┘",
  ]);
  ourConsole.table("no table");
  assert.equal(lines()[1], "log: no table");
});

test("console: lines are bounded, and its methods need no this", () => {
  const { log } = ourConsole;
  log("x".repeat(1e6));
  assert.ok(lines()[0]!.length < 70_000);
  assert.equal(Object.prototype.toString.call(ourConsole), "[object console]");
});
