import { AsyncLocalStorage, AsyncResource, executionAsyncId } from "node:async_hooks";
import { EventEmitter } from "node:events";
import { equal, rejected, same, serve, thrown } from "./harness.js";

const storage = new AsyncLocalStorage();
let bound;

export default serve({
  run_and_exit() {
    equal(storage.getStore(), undefined);
    equal(
      storage.run("a", (x) => storage.getStore() + x, "b"),
      "ab",
    );
    storage.run("a", () => {
      storage.run("b", () => equal(storage.getStore(), "b"));
      storage.exit(() => equal(storage.getStore(), undefined));
      equal(storage.getStore(), "a");
    });
    equal(storage.getStore(), undefined);
    equal(thrown(() => storage.run(1, () => { throw new Error("x"); })).message, "x");
    equal(storage.getStore(), undefined);
  },
  async follows_promises_timers_and_streams() {
    await storage.run({ id: 7 }, async () => {
      await scheduler.wait(1);
      equal(storage.getStore().id, 7);
      await new Promise((resolve) => setTimeout(resolve, 1));
      equal(storage.getStore().id, 7);
      await new Promise((resolve) => queueMicrotask(resolve));
      equal(storage.getStore().id, 7);
      equal(await new Response("body").text(), "body");
      equal(storage.getStore().id, 7);
    });
    equal(storage.getStore(), undefined);
  },
  async two_flows_do_not_mix() {
    const flow = (name) =>
      storage.run(name, async () => {
        const seen = [];
        for (let i = 0; i < 3; i++) {
          await scheduler.wait(1);
          seen.push(storage.getStore());
        }
        return seen.join("");
      });
    same(await Promise.all([flow("a"), flow("b")]), ["aaa", "bbb"]);
  },
  enter_with_and_disable() {
    storage.enterWith("here");
    equal(storage.getStore(), "here");
    storage.disable();
    equal(storage.getStore(), undefined);
  },
  default_value_and_name() {
    const named = new AsyncLocalStorage({ defaultValue: 5, name: "five" });
    equal(named.getStore(), 5);
    equal(named.name, "five");
    equal(named.run(undefined, () => named.getStore()), undefined);
  },
  snapshot_and_bind() {
    const snapshot = storage.run("then", () => AsyncLocalStorage.snapshot());
    const bind = storage.run("then", () => AsyncLocalStorage.bind((x) => storage.getStore() + x));
    storage.run("now", () => {
      equal(snapshot(() => storage.getStore()), "then");
      equal(bind("!"), "then!");
      equal(storage.getStore(), "now");
    });
  },
  resource() {
    const resource = storage.run("made", () => new AsyncResource("Thing"));
    equal(resource.type, "Thing");
    const got = resource.runInAsyncScope(function (x) { return [this, storage.getStore(), x]; }, 1, 2);
    equal(got[1], "made");
    equal(got[2], 2);
    const self = {};
    equal(resource.bind(function () { return this; }).call(self), self);
    equal(typeof resource.asyncId(), "number");
    equal(executionAsyncId(), 0);
  },
  async emitters_run_listeners_in_the_emitter_s_context() {
    const emitter = new EventEmitter();
    const seen = [];
    emitter.on("x", () => seen.push(storage.getStore()));
    storage.run("emits", () => emitter.emit("x"));
    same(seen, ["emits"]);
  },
  keep_a_function() {
    bound = AsyncResource.bind(() => storage.getStore());
  },
  async use_another_request_s_function() {
    const error = await rejected(Promise.resolve().then(() => bound()));
    equal(
      error.message,
      "Cannot call this AsyncLocalStorage bound function outside of the request in which it was created.",
    );
  },
});
