// What there is to see in a trace; `up` is the upstream's URL.

const wait = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

const SCENES = {
  async "/plain"() {
    return new Response("ok");
  },
  async "/fetches"(up) {
    const [a, b] = await Promise.all([fetch(`${up}/delay/60`), fetch(`${up}/bytes/5000000`)]);
    await b.arrayBuffer();
    return new Response(await a.text());
  },
  async "/many"(up) {
    const all = await Promise.all(Array.from({ length: 9 }, () => fetch(`${up}/delay/40`)));
    return new Response(`${all.length}`);
  },
  async "/timer"() {
    await wait(30);
    return new Response("waited");
  },
  async "/import"() {
    const { sep } = await import("node:path");
    return new Response(sep);
  },
  async "/later"(up, ctx) {
    ctx.waitUntil(wait(40));
    return new Response("now");
  },
  async "/headers"(up) {
    return fetch(`${up}/headers`);
  },
  async "/own"(up) {
    const traceparent = "00-11111111111111111111111111111111-2222222222222222-01";
    return fetch(`${up}/headers`, { headers: { traceparent } });
  },
  async "/redirect"(up) {
    return fetch(`${up}/redirect/302?to=/status/204`);
  },
  async "/floating"(up) {
    fetch(`${up}/hang`);
    return new Response("gone");
  },
  async "/refused"() {
    await fetch("http://127.0.0.1:1/").catch(() => null);
    return new Response("caught");
  },
  async "/work"() {
    await wait(1);
    let x = 0;
    for (let i = 0; i < 3e6; i++) x += i % 7;
    return new Response(`${x}`);
  },
  async "/cached"(up) {
    const get = () => fetch(`${up}/bytes/5`, { cf: { cacheTtl: 60 } }).then((r) => r.text());
    await get();
    await get();
    await fetch(`${up}/bytes/6`, { cf: { cacheEverything: false } });
    return new Response("twice");
  },
  async "/kept"() {
    const key = "http://cache.test/a";
    const cache = caches.default;
    await cache.put(key, new Response("a", { headers: { "cache-control": "max-age=60" } }));
    await (await cache.match(key)).text();
    await cache.delete(key);
    await cache.match(key);
    await (await caches.open("mine")).put(key, new Response("b", { headers: { "cache-control": "no-store" } }));
    return new Response("kept");
  },
  async "/logs"() {
    console.log("one");
    console.warn("two");
    return new Response("said");
  },
};

export default {
  fetch(request, env, ctx) {
    const { pathname } = new URL(request.url);
    return SCENES[pathname](env.UP, ctx);
  },
};
