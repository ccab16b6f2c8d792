// What advice is given of, and what it must not be given of. `up` is the upstream's URL.

const wait = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
const get = (up, ms, name) => fetch(`${up}/delay/${ms}?${name}`);

const SCENES = {
  async "/one-after-the-other"(up) {
    const a = await get(up, 60, "a");
    const b = await get(up, 50, "b");
    const c = await get(up, 40, "c");
    return Response.json([await a.text(), await b.text(), await c.text()]);
  },
  async "/bounded"(up) {
    const signal = AbortSignal.timeout(10_000);
    const responses = await Promise.all([
      fetch(`${up}/delay/1?a`),
      fetch(`${up}/delay/1?b`, { signal }),
    ]);
    return Response.json(responses.map((response) => response.status));
  },
  async "/two-then-one"(up) {
    const [a, b] = await Promise.all([get(up, 60, "a"), get(up, 50, "b")]);
    const c = await get(up, 40, "c");
    return Response.json([a.status, b.status, c.status]);
  },
  async "/together"(up) {
    const [a, b] = await Promise.all([get(up, 50, "a"), get(up, 50, "b")]);
    return Response.json([a.status, b.status]);
  },
  async "/status-first"(up) {
    const a = await get(up, 40, "a");
    if (!a.ok) return a;
    return get(up, 40, "b");
  },
  async "/body-first"(up) {
    const text = await (await get(up, 40, "a")).text();
    return get(up, 40, encodeURIComponent(text));
  },
  async "/header-first"(up) {
    const a = await get(up, 40, "a");
    return fetch(`${up}/delay/40`, { headers: { "x-type": a.headers.get("x") ?? "none" } });
  },
  async "/destructured"(up) {
    const { status } = await get(up, 40, "a");
    return get(up, 40, status);
  },
  async "/passed-on-first"(up) {
    const a = await get(up, 40, "a");
    return fetch(`${up}/echo`, { method: "POST", body: a.body });
  },
  async "/post-first"(up) {
    await fetch(`${up}/count`, { method: "POST", body: "x" });
    return get(up, 40, "b");
  },
  async "/after-a-failure"(up) {
    await fetch("http://127.0.0.1:1/").catch(() => null);
    return get(up, 40, "b");
  },
  // The second needs what a third one has told meanwhile.
  async "/third-party"(up) {
    const [, text] = await Promise.all([
      get(up, 80, "a"),
      get(up, 20, "b").then((response) => response.text()),
    ]);
    return get(up, 40, text.length);
  },
  async "/timer-between"(up) {
    const [, late] = await Promise.all([get(up, 80, "a"), wait(20).then(() => Date.now())]);
    return get(up, 40, late);
  },
  async "/twice"(up) {
    const all = await Promise.all([get(up, 20, "same"), get(up, 20, "same"), get(up, 20, "other")]);
    return new Response(`${all.length}`);
  },
  async "/not-twice"(up) {
    const ask = (language) =>
      fetch(`${up}/delay/20`, { headers: { "accept-language": language } });
    const all = await Promise.all([ask("de"), ask("en")]);
    return new Response(`${all.length}`);
  },
  async "/text-passed-on"(up) {
    const response = await fetch(`${up}/bytes/100000`);
    return new Response(await response.text());
  },
  async "/buffer-passed-on"(up) {
    const response = await fetch(`${up}/bytes/100000`);
    return new Response(await response.arrayBuffer());
  },
  async "/text-changed"(up) {
    const response = await fetch(`${up}/bytes/100000`);
    return new Response(`${await response.text()}!`);
  },
  async "/body-passed-on"(up) {
    const response = await fetch(`${up}/bytes/100000`);
    return new Response(response.body, response);
  },
  async "/crowd"(up) {
    const all = await Promise.all(Array.from({ length: 8 }, (_, i) => get(up, 30, i)));
    return new Response(`${all.length}`);
  },
  async "/floating"(up) {
    fetch(`${up}/hang`);
    return new Response("gone");
  },
  async "/many"(up) {
    for (let i = 0; i < 40; i++) await (await get(up, 0, i)).text();
    return new Response("many");
  },
  async "/hostile"(up) {
    Error.prepareStackTrace = () => {
      throw new Error("mine");
    };
    Error.stackTraceLimit = 0;
    const a = await get(up, 20, "a");
    const b = await get(up, 20, "b");
    delete Error.prepareStackTrace;
    Error.stackTraceLimit = 10;
    return Response.json([a.status, b.status]);
  },
};

export default {
  fetch(request, env) {
    const { pathname } = new URL(request.url);
    return SCENES[pathname](env.UP);
  },
};
