// Requests for which nothing can ever happen again.

import empty from "./empty.wasm";
import { withNeighbour } from "./neighbour.js";

let resolveOther;

export default withNeighbour(async (request, _env, ctx) => {
  switch (new URL(request.url).pathname) {
    case "/never":
      return new Promise(() => {});
    case "/after-io":
      await scheduler.wait(10);
      await new Promise(() => {});
      break;
    case "/wait-until":
      ctx.waitUntil(new Promise(() => {}));
      return new Response("answered");
    case "/stream":
      return new Response(
        new ReadableStream({
          start: (controller) => controller.enqueue(new TextEncoder().encode("begun")),
        }),
      );
    case "/other": // waits for what only another request could do
      await new Promise((resolve) => {
        resolveOther = resolve;
      });
      return new Response("resolved");
    case "/nested":
      await Promise.all([scheduler.wait(1), outer()]);
      break;
    case "/cleared": {
      const timer = setTimeout(() => {}, 1e6);
      clearTimeout(timer);
      await new Promise(() => {});
      break;
    }
    case "/import":
      await import("./never_ready.js");
      return new Response("imported");
    case "/imports": {
      const { withNeighbour } = await import("./neighbour.js");
      return new Response(typeof withNeighbour);
    }
    case "/compiles": {
      const instance = await WebAssembly.instantiate(empty);
      return new Response(Object.prototype.toString.call(instance));
    }
    case "/timer":
      await new Promise((resolve) => setTimeout(resolve, 200));
      return new Response("waited");
    case "/body":
      return new Response(await request.text());
    case "/signal":
      await new Promise((resolve) => request.signal.addEventListener("abort", resolve));
      return new Response("aborted");
    default:
      resolveOther?.();
      return new Response("");
  }
});

async function outer() {
  await inner();
}

async function inner() {
  await scheduler.wait(1);
  await new Promise(() => {});
}
