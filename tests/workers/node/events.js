import EventEmitter, { EventEmitterAsyncResource, errorMonitor, getEventListeners, on, once, setMaxListeners } from "node:events";
import { equal, rejected, same, serve, thrown } from "./harness.js";

export default serve({
  emitter() {
    const emitter = new EventEmitter();
    const heard = [];
    emitter.on("x", (a, b) => heard.push(a + b));
    emitter.once("x", () => heard.push("once"));
    emitter.prependListener("x", () => heard.push("first"));
    equal(emitter.emit("x", 1, 2), true);
    emitter.emit("x", 3, 4);
    equal(heard.join(), "first,3,once,first,7");
    equal(emitter.listenerCount("x"), 2);
    equal(emitter.emit("y"), false);
    same(emitter.eventNames(), ["x"]);
    emitter.removeAllListeners();
    equal(emitter.listenerCount("x"), 0);
    equal(EventEmitter.EventEmitter, EventEmitter);
  },
  errors() {
    const emitter = new EventEmitter();
    equal(thrown(() => emitter.emit("error", new Error("boom"))).message, "boom");
    const seen = [];
    emitter.on(errorMonitor, (error) => seen.push(error.message));
    thrown(() => emitter.emit("error", new Error("seen")));
    same(seen, ["seen"]);
  },
  old_style_inheritance() {
    function Old() {
      EventEmitter.call(this);
    }
    Object.setPrototypeOf(Old.prototype, EventEmitter.prototype);
    const old = new Old();
    let heard = 0;
    old.on("x", () => heard++);
    old.emit("x");
    equal(heard, 1);
    equal(old instanceof EventEmitter, true);
  },
  async promises() {
    const emitter = new EventEmitter();
    setTimeout(() => emitter.emit("x", 5), 1);
    same(await once(emitter, "x"), [5]);
    setTimeout(() => emitter.emit("error", new Error("no")), 1);
    equal((await rejected(once(emitter, "x"))).message, "no");
    const seen = [];
    setTimeout(() => { emitter.emit("y", 1); emitter.emit("y", 2); }, 1);
    for await (const [value] of on(emitter, "y")) {
      seen.push(value);
      if (seen.length === 2) break;
    }
    equal(seen.join(), "1,2");
  },
  async targets() {
    const target = new EventTarget();
    setTimeout(() => target.dispatchEvent(new Event("x")), 1);
    const [event] = await once(target, "x");
    equal(event.type, "x");
    const emitter = new EventEmitter();
    const listener = () => {};
    emitter.on("x", listener);
    equal(getEventListeners(emitter, "x")[0], listener);
    setMaxListeners(20, emitter);
    equal(emitter.getMaxListeners(), 20);
  },
  async_resource() {
    class Thing extends EventEmitterAsyncResource {}
    const thing = new Thing();
    equal(thing.asyncResource.type, "Thing");
    let heard;
    thing.on("x", (value) => { heard = value; });
    thing.emit("x", 3);
    equal(heard, 3);
  },
});
