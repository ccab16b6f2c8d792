import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";
import { clearInterval, clearTimeout, setInterval, setTimeout } from "../src/web/timers.js";
import { commands, exceptions, fake, fire, pendingOps } from "./fake_io.js";

beforeEach(() => {
  commands.length = 0;
  exceptions.length = 0;
});

function lastTimer(): { op: number; delay: number } {
  const [tag, request, op, delay] = commands.at(-1) as unknown as [string, number, number, number];
  assert.deepEqual([tag, request], ["timer", fake.request?.id]);
  return { op, delay };
}

test("a timeout fires once, with its arguments", () => {
  const seen: unknown[] = [];
  const id = setTimeout((...args: unknown[]) => seen.push(args), 20, 1, "b");
  assert.equal(typeof id, "number");
  const { op, delay } = lastTimer();
  assert.equal(delay, 20);
  fire(op);
  fire(op);
  assert.deepEqual(seen, [[1, "b"]]);
});

test("delays are converted as Web IDL says", () => {
  for (const [given, delay] of [
    [undefined, 0],
    [-5, 0],
    ["12.9", 12],
    [Number.NaN, 0],
    [2 ** 32 + 3, 3],
  ]) {
    setTimeout(() => {}, given);
    assert.equal(lastTimer().delay, delay);
  }
  assert.throws(() => setTimeout("code"), TypeError);
});

test("an interval goes on until it is cleared, also from inside", () => {
  let count = 0;
  const id = setInterval(() => {
    if (++count === 3) clearInterval(id);
  }, 10);
  const before = pendingOps();
  for (let round = 0; round < 5; round++) {
    const timer = commands.findLast((command) => command[0] === "timer");
    fire(timer?.[2] as number);
  }
  assert.equal(count, 3);
  assert.equal(pendingOps(), before - 1);
});

test("clearing: either function, any value, only one's own request", () => {
  const id = setTimeout(() => assert.fail("cleared"), 1);
  const { op } = lastTimer();
  clearTimeout(undefined);
  clearTimeout({});
  const own = fake.request;
  fake.request = { id: 8 };
  clearTimeout(id);
  fake.request = null;
  clearTimeout(id);
  fake.request = own;
  assert.equal(commands.length, 1);
  clearInterval(`${id}`);
  assert.deepEqual(commands.at(-1), ["clear", op]);
  fire(op);
});

test("what a callback throws is reported", () => {
  setTimeout(() => {
    throw new Error("late");
  });
  fire(lastTimer().op);
  assert.equal(String(exceptions[0]), "Error: late");
});

test("deeply nested timers wait at least 4 ms", () => {
  const delays: number[] = [];
  const again = (): void => {
    setTimeout(again, 0);
    delays.push(lastTimer().delay);
  };
  again();
  for (let round = 0; round < 6; round++) fire(lastTimer().op);
  assert.deepEqual(delays, [0, 0, 0, 0, 0, 4, 4]);
});

test("there are no timers in global scope", () => {
  const own = fake.request;
  fake.request = null;
  try {
    assert.throws(() => setTimeout(() => {}, 1), /global scope/);
  } finally {
    fake.request = own;
  }
});
