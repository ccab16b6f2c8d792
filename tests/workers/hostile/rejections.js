// Waits, in each way that there is, for the engine to put a rejected promise into a list.
const { defineProperty } = Object;
const seen = [];
let taps = 0;
const target = {};
const shown = new Proxy(target, {});
const tap = (value) => {
  // The engine's list of no result and no error, and what console.log() was given.
  if (Object(value) !== value || value === shown || value === target) return;
  taps++;
  // A rejection while the engine makes its list of them.
  if (taps < 5) Promise.reject(new Error("nested"));
  defineProperty(seen, seen.length, { __proto__: null, value: `${typeof value} ${new Error().stack}` });
};

function setters(object, configurable) {
  for (const key of ["0", "1", "2", "3"]) {
    defineProperty(object, key, { __proto__: null, configurable, get() {}, set: tap });
  }
}

const WAYS = {
  "/object": () => setters(Object.prototype, true),
  "/array": () => setters(Array.prototype, true),
  "/fixed": () => setters(Object.prototype, false),
  "/frozen": () => {
    setters(Array.prototype, false);
    Object.freeze(Array.prototype);
  },
  "/proxy": () => {
    const set = (target, key, value) => {
      tap(value);
      return true;
    };
    Object.setPrototypeOf(Array.prototype, new Proxy({ __proto__: null }, { set }));
  },
};

addEventListener("unhandledrejection", ({ reason }) => console.log(`heard of ${reason.message}`));

export default {
  async fetch(request, env, ctx) {
    const path = new URL(request.url).pathname;
    if (path === "/seen") return new Response(`${seen.length} ${seen[0]}`);
    WAYS[path]();
    Promise.reject(new Error("in the turn"));
    await scheduler.wait(1);
    console.log(shown);
    import("node:path").then(() => {
      throw new Error("outside of turns");
    });
    ctx.waitUntil(scheduler.wait(1));
    return new Response("ok");
  },
};
