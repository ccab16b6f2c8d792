// Replaces what it can by something that throws, then answers requests by ordinary means.

const { apply, defineProperty, getOwnPropertyDescriptor, ownKeys, getPrototypeOf } = Reflect;
const { TypeError } = globalThis;
const { Response, Headers, fetch, Request } = globalThis;
const url = uncurryGetter(Request.prototype, "url");
const header = uncurry(Headers.prototype.get);
const headersOf = uncurryGetter(Request.prototype, "headers");
const textOf = uncurry(Request.prototype.text);
const jsonOf = uncurry(Response.prototype.json);
const bodyOf = uncurryGetter(getPrototypeOf(Response.prototype), "body");
const waitUntil = (ctx, promise) => ctx.waitUntil(promise);
const { wait } = scheduler;
const { addEventListener, reportError } = globalThis;
const mark = uncurry(Performance.prototype.mark);

function uncurry(method) {
  return (self, argument) => apply(method, self, [argument]);
}

function uncurryGetter(prototype, key) {
  return uncurry(getOwnPropertyDescriptor(prototype, key).get);
}

function poison() {
  throw new TypeError("poisoned");
}

const roots = [
  Object.prototype, Function.prototype, Array.prototype, String.prototype, Number.prototype,
  Boolean.prototype, Symbol.prototype, Map.prototype, Set.prototype, WeakMap.prototype,
  WeakSet.prototype, Promise.prototype, RegExp.prototype, ArrayBuffer.prototype,
  DataView.prototype, Uint8Array.prototype, getPrototypeOf(Uint8Array.prototype), Date.prototype,
  getPrototypeOf([].values()), getPrototypeOf(new Map().keys()), getPrototypeOf(new Set().keys()),
  Object, Array, String, Number, Promise, RegExp, ArrayBuffer, Reflect, JSON, Math, Atomics, Symbol,
  AbortSignal.prototype, Event.prototype, EventTarget.prototype, URL.prototype, URLSearchParams,
  ReadableStream.prototype, Headers.prototype, Request.prototype, Response.prototype,
];

for (let i = 0; i < roots.length; i++) {
  const keys = ownKeys(roots[i]);
  for (let j = 0; j < keys.length; j++) {
    const key = keys[j];
    const descriptor = getOwnPropertyDescriptor(roots[i], key);
    // A language without these is none; and Promise.prototype.then() itself asks for the species.
    if (key === Symbol.species) continue;
    if (key === "constructor" || key === "prototype" || !descriptor.configurable) continue;
    if (descriptor.get === undefined && typeof descriptor.value !== "function") continue;
    const trap = { __proto__: null, configurable: true };
    if (descriptor.get) {
      trap.get = poison;
      trap.set = poison;
    } else {
      trap.value = poison;
      trap.writable = true;
    }
    defineProperty(roots[i], key, trap);
  }
}
const lookedUp = ["then", "toJSON", "get", "set", "value", "0", "1", "2", "request", "ops", "pending"];
for (let i = 0; i < lookedUp.length; i++) {
  // `then` is asked of all that a promise is resolved with, also of what is the Worker's own.
  const key = lookedUp[i];
  const trap = { __proto__: null, configurable: true, set: poison };
  trap.get = key === "then" ? () => undefined : poison;
  defineProperty(Object.prototype, key, trap);
}
for (const name in {}) poison();
const names = ["Map", "Set", "Promise", "Array", "Uint8Array", "TypeError", "Error", "String"];
for (let i = 0; i < names.length; i++) globalThis[names[i]] = poison;

const handlers = { __proto__: null, element: (element) => void element.setAttribute("b", "c") };

export default {
  async fetch(request, env, ctx) {
    switch (url(request)) {
      case "http://worker.test/echo":
        return new Response(await textOf(request), {
          __proto__: null,
          status: 201,
          headers: { __proto__: null, "X-Seen": header(headersOf(request), "X-Sent") },
        });
      case "http://worker.test/fetch": {
        const first = fetch(`${env.UPSTREAM}/headers`, {
          __proto__: null,
          headers: { __proto__: null, "x-sent": "sent" },
        });
        const second = fetch(`${env.UPSTREAM}/bytes/100000`);
        const { "x-sent": sent } = await jsonOf(await first);
        return new Response(bodyOf(await second), {
          __proto__: null,
          headers: { __proto__: null, "x-seen": sent },
        });
      }
      case "http://worker.test/wait":
        waitUntil(ctx, apply(wait, scheduler, [1]));
        await apply(wait, scheduler, [1]);
        return new Response("waited");
      case "http://worker.test/rare": {
        // Scripts that are loaded only now.
        let told = "";
        addEventListener("error", () => (told += "error "));
        reportError("reported");
        const { port1, port2 } = new MessageChannel();
        port2.onmessage = () => (told += "message ");
        port1.postMessage("sent");
        mark(performance, "a");
        await apply(wait, scheduler, [1]);
        return new Response(told);
      }
      case "http://worker.test/rewriter":
        // Loaded only now; the streams are the Worker's own fault.
        return new HTMLRewriter().on("p", handlers).transform(new Response("<p>in</p>"));
      default:
        throw new TypeError("what?");
    }
  },
};
