// Keeps what belongs to one request, to use it in another.

const kept = {};

const USES = {
  "request body": () => kept.request.text(),
  "request clone": () => kept.request.clone(),
  "text of a response": () => kept.response.text(),
  "stream of a response": () => kept.withBody.getReader().read(),
  "subrequest's body": () => kept.fetched.text(),
  "subrequest's body as a stream": () => kept.fetchedBody.getReader().read(),
  "a big subrequest's body": () => kept.big.arrayBuffer(),
  "a body to pass on": () => fetch(kept.upstream, { method: "POST", body: kept.bigBody }),
  "identity, writing": () => kept.identity.writable.getWriter().write(new Uint8Array(1)),
  "identity, reading": () => kept.other.readable.getReader().read(),
};

const ALLOWED = {
  "request url": () => kept.request.url,
  "request headers": () => kept.request.headers.get("x"),
  "response status": () => kept.fetched.status,
  "signal": () => kept.request.signal.aborted,
  "a stream of the Worker's own": async () => (await kept.own.getReader().read()).value,
  "waitUntil": () => kept.ctx.waitUntil(Promise.resolve()),
  "a response of the global scope": () => kept.global.text(),
};

kept.global = new Response("global");

async function attempt(use) {
  try {
    return `${await use()}`;
  } catch (error) {
    return `${error}`;
  }
}

async function attemptAll(uses) {
  const results = {};
  for (const [name, use] of Object.entries(uses)) results[name] = await attempt(use);
  return results;
}

export default {
  async fetch(request, env, ctx) {
    const { pathname } = new URL(request.url);
    if (pathname === "/keep") {
      kept.upstream = env.UPSTREAM;
      kept.request = request;
      kept.ctx = ctx;
      kept.response = new Response("text");
      kept.returned = new Response("text");
      kept.withBody = new Response("text").body;
      kept.fetched = await fetch(`${env.UPSTREAM}/bytes/10`);
      kept.fetchedBody = (await fetch(`${env.UPSTREAM}/bytes/10`)).body;
      kept.big = await fetch(`${env.UPSTREAM}/bytes/500000`);
      kept.bigBody = (await fetch(`${env.UPSTREAM}/bytes/500000`)).body;
      kept.identity = new IdentityTransformStream();
      kept.other = new IdentityTransformStream();
      kept.own = new ReadableStream({ pull: (controller) => controller.enqueue("mine") });
      ctx.waitUntil(new Promise((done) => { kept.done = done; }));
      return new Response("kept");
    }
    if (pathname === "/return") return kept.returned;
    if (pathname === "/allowed") return Response.json(await attemptAll(ALLOWED));
    return Response.json(await attemptAll(USES));
  },
};
