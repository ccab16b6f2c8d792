import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";
import { AbortController, AbortSignal } from "../src/web/abort.js";
import { DOMException } from "../src/web/dom_exception.js";
import { CustomEvent, Event, EventTarget } from "../src/web/events.js";
import { scheduler } from "../src/workers/scheduler.js";
import { commands, exceptions, fire, pendingOps } from "./fake_io.js";

beforeEach(() => {
  commands.length = 0;
  exceptions.length = 0;
});

test("listeners are told in order, once each, with the target as this", () => {
  const target = new EventTarget();
  const seen: unknown[] = [];
  function first(this: unknown, event: Event): void {
    seen.push(["first", this === target, event.target === target, event.eventPhase]);
  }
  const second = { handleEvent: () => seen.push("second") };
  target.addEventListener("x", first);
  target.addEventListener("x", first);
  target.addEventListener("x", second, { once: true });
  target.addEventListener("y", () => seen.push("y"));
  target.dispatchEvent(new Event("x"));
  target.dispatchEvent(new Event("x"));
  assert.deepEqual(seen, [["first", true, true, 2], "second", ["first", true, true, 2]]);
  target.removeEventListener("x", first);
  target.dispatchEvent(new Event("x"));
  assert.equal(seen.length, 3);
});

test("what a listener throws is reported, and the next one still runs", () => {
  const target = new EventTarget();
  let reached = false;
  target.addEventListener("x", () => {
    throw new Error("bad");
  });
  target.addEventListener("x", {} as never);
  target.addEventListener("x", () => {
    reached = true;
  });
  target.dispatchEvent(new Event("x"));
  assert.ok(reached);
  assert.deepEqual(exceptions.map(String).slice(0, 1), ["Error: bad"]);
  assert.equal(exceptions.length, 2);
});

test("canceling, stopping, and the ends of a dispatch", () => {
  const target = new EventTarget();
  const event = new Event("x", { cancelable: true });
  target.addEventListener("x", (e) => e.preventDefault(), { passive: true });
  assert.equal(target.dispatchEvent(event), true);
  target.addEventListener("x", (e) => {
    e.preventDefault();
    e.stopImmediatePropagation();
    assert.throws(() => target.dispatchEvent(e), { name: "InvalidStateError" });
  });
  target.addEventListener("x", () => assert.fail("stopped"));
  assert.equal(target.dispatchEvent(event), false);
  assert.equal(event.defaultPrevented, true);
  assert.equal(event.currentTarget, null);
  assert.deepEqual(exceptions, []);
});

test("a signal removes a listener", () => {
  const target = new EventTarget();
  const controller = new AbortController();
  let count = 0;
  target.addEventListener("x", () => count++, { signal: controller.signal });
  target.dispatchEvent(new Event("x"));
  controller.abort();
  target.dispatchEvent(new Event("x"));
  assert.equal(count, 1);
  assert.throws(() => target.addEventListener("x", () => {}, { signal: 1 }), TypeError);
});

test("the looks of events", () => {
  assert.equal(new CustomEvent("x", { detail: 7 }).detail, 7);
  assert.equal(new CustomEvent("x").detail, null);
  assert.equal(`${new Event("x")}`, "[object Event]");
  assert.equal((Event as unknown as { AT_TARGET: number }).AT_TARGET, 2);
  assert.throws(() => new (Event as unknown as new () => Event)(), TypeError);
  assert.throws(() => new EventTarget().dispatchEvent({} as Event), TypeError);
});

test("abort: the reason, the handler and the listeners", () => {
  const { signal } = new AbortController();
  assert.throws(() => new (AbortSignal as unknown as new () => AbortSignal)(), TypeError);
  signal.throwIfAborted();
  const controller = new AbortController();
  const seen: string[] = [];
  controller.signal.onabort = () => seen.push("replaced");
  controller.signal.addEventListener("abort", () => seen.push("listener"));
  controller.signal.onabort = () => seen.push("handler");
  controller.abort();
  controller.abort();
  assert.deepEqual(seen, ["handler", "listener"]);
  assert.equal((controller.signal.reason as Error).name, "AbortError");
  assert.throws(() => controller.signal.throwIfAborted(), { name: "AbortError", code: 20 });
  assert.equal(AbortSignal.abort("why").reason, "why");
});

test("AbortSignal.timeout is a timer", () => {
  const signal = AbortSignal.timeout(50);
  const [tag, , op, delay] = commands[0] as unknown as [string, number, number, number];
  assert.deepEqual([tag, delay], ["timer", 50]);
  fire(op);
  assert.equal((signal.reason as Error).name, "TimeoutError");
  assert.throws(() => AbortSignal.timeout(-1), TypeError);
  assert.throws(() => AbortSignal.timeout(Number.NaN), TypeError);
});

test("AbortSignal.any follows its sources, through other dependent signals", () => {
  const a = new AbortController();
  const b = new AbortController();
  const inner = AbortSignal.any([a.signal, b.signal]);
  const outer = AbortSignal.any([inner]);
  const seen: string[] = [];
  for (const [name, signal] of Object.entries({ outer, inner, b: b.signal })) {
    signal.addEventListener("abort", () => {
      assert.ok(outer.aborted && inner.aborted);
      seen.push(name);
    });
  }
  b.abort("b");
  a.abort("a");
  assert.deepEqual(seen, ["b", "inner", "outer"]);
  assert.equal(outer.reason, "b");
  assert.equal(AbortSignal.any([inner]).reason, "b");
  assert.equal(AbortSignal.any([]).aborted, false);
  assert.throws(() => AbortSignal.any([{} as AbortSignal]), TypeError);
});

test("DOMException", () => {
  const error = new DOMException("m", "NotFoundError");
  assert.ok(error instanceof Error && Object.hasOwn(error, "stack"));
  assert.deepEqual([error.name, error.message, error.code], ["NotFoundError", "m", 8]);
  assert.match(error.stack ?? "", /^NotFoundError: m\n {4}at /);
  assert.equal(Object.keys(error).length, 0);
  assert.equal(Object.prototype.toString.call(error), "[object DOMException]");
  assert.equal((DOMException as unknown as { DATA_CLONE_ERR: number }).DATA_CLONE_ERR, 25);
  assert.equal(new DOMException().code, 0);
  class Mine extends DOMException {}
  assert.ok(new Mine() instanceof Mine);
});

test("scheduler.wait", async () => {
  const waiting = scheduler.wait(10);
  fire((commands.at(-1) as unknown[])[2] as number);
  assert.equal(await waiting, undefined);
  const controller = new AbortController();
  const before = pendingOps();
  const aborted = scheduler.wait(10, { signal: controller.signal });
  controller.abort("enough");
  await assert.rejects(aborted, (reason) => reason === "enough");
  assert.equal(commands.at(-1)?.[0], "clear");
  assert.equal(pendingOps(), before);
  await assert.rejects(scheduler.wait(1, { signal: controller.signal }));
});
