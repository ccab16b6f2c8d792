import timers from "node:timers";
import timersPromises, { scheduler as nodeScheduler, setInterval as ticks } from "node:timers/promises";
import nodeProcess, { env, nextTick } from "node:process";
import { equal, rejected, same, serve, thrown } from "./harness.js";

const atStart = process.env.TEXT;

export default serve({
  globals() {
    equal(process, nodeProcess);
    equal(global, globalThis);
    equal(typeof setImmediate, "function");
    equal(Object.prototype.toString.call(process), "[object process]");
    equal(process.platform, "linux");
    equal(/^v\d+/.test(process.version), true);
    same(Object.keys(Object.getOwnPropertyDescriptor(globalThis, "process")).sort(),
      ["configurable", "enumerable", "value", "writable"]);
  },
  env() {
    equal(atStart, "text");
    equal(env.NUMBERS, "[1,2]");
    equal(process.env, env);
    process.env.ADDED = 5;
    equal(process.env.ADDED, "5");
    equal("ADDED" in process.env, true);
    delete process.env.ADDED;
    equal(process.env.ADDED, undefined);
    same(Object.keys(process.env), ["TEXT", "NUMBERS"]);
  },
  async next_tick() {
    const order = [];
    setTimeout(() => order.push("timeout"), 0);
    Promise.resolve().then(() => order.push("promise"));
    nextTick((x) => order.push(x), "tick");
    order.push("now");
    await scheduler.wait(5);
    equal(order[0], "now");
    equal(order[3], "timeout");
    equal(order.length, 4);
  },
  time() {
    equal(process.hrtime().length, 2);
    equal(typeof process.hrtime.bigint(), "bigint");
    equal(process.hrtime(process.hrtime()).every((x) => x >= 0), true);
    equal(process.uptime() >= 0, true);
    equal(process.cwd(), "/bundle");
    equal(typeof process.memoryUsage().heapUsed, "number");
  },
  events() {
    let heard;
    process.on("x", (value) => { heard = value; });
    process.emit("x", 1);
    equal(heard, 1);
    equal(/process\.exit/.test(thrown(() => process.exit(1)).message), true);
  },
  output_is_the_console_s() {
    equal(process.stdout.isTTY, false);
    equal(process.stdout.fd, 1);
    process.stdout.write("half a ");
    process.stdout.write("line\nand ");
    process.stderr.write("an error\n");
  },
  async immediate() {
    equal(await new Promise((resolve) => setImmediate(resolve, 5)), 5);
    clearImmediate(setImmediate(() => { throw new Error("never"); }));
    await scheduler.wait(3);
  },
  async timeouts() {
    const timeout = setTimeout(() => { throw new Error("never"); }, 1);
    equal(timeout.unref().hasRef(), false);
    equal(timeout.ref().hasRef(), true);
    equal(typeof +timeout, "number");
    clearTimeout(timeout);
    const other = setTimeout(() => { throw new Error("never"); }, 1);
    clearTimeout(+other);
    let count = 0;
    const interval = setInterval(() => count++, 2);
    await scheduler.wait(20);
    clearInterval(interval);
    equal(count > 1, true);
    equal(timers.setTimeout !== undefined, true);
    await new Promise((resolve) => timers.setTimeout(resolve, 1).refresh());
    await scheduler.wait(3);
  },
  async timer_promises() {
    equal(await timersPromises.setTimeout(1, "value"), "value");
    equal(await timersPromises.setImmediate("now"), "now");
    await nodeScheduler.wait(1);
    await nodeScheduler.yield();
    let count = 0;
    for await (const value of ticks(1, "tick")) {
      equal(value, "tick");
      if (++count === 3) break;
    }
    const error = await rejected(timersPromises.setTimeout(1000, null, { signal: AbortSignal.abort() }));
    equal(error.name, "AbortError");
  },
});
