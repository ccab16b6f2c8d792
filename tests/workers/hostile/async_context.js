// Whose code runs? A body tells, which is refused to all but the request that made it. Two requests
// do the same at once.

const waiting = [];

const WAYS = {
  promise: (log) => Promise.resolve().then(log),
  microtask: (log) => new Promise((done) => queueMicrotask(() => done(log()))),
  thenable: async (log) => {
    await { then: (resolve) => resolve(log()) };
  },
  timer: (log) => new Promise((done) => setTimeout(() => done(log()), 2)),
  interval: (log) =>
    new Promise((done) => {
      let left = 2;
      const id = setInterval(() => {
        log();
        if (--left === 0) done(clearInterval(id));
      }, 2);
    }),
  wait: async (log) => {
    await scheduler.wait(2);
    log();
  },
  event: async (log) => {
    const target = new EventTarget();
    target.addEventListener("x", log);
    await scheduler.wait(1);
    target.dispatchEvent(new Event("x"));
  },
  abort: async (log) => {
    const controller = new AbortController();
    controller.signal.addEventListener("abort", log);
    await scheduler.wait(1);
    controller.abort();
  },
  timeout: (log) =>
    new Promise((done) => {
      AbortSignal.timeout(2).onabort = () => done(log());
    }),
  stream: async (log) => {
    const stream = new ReadableStream({
      async pull(controller) {
        await scheduler.wait(1);
        log();
        controller.enqueue(new Uint8Array(1));
        controller.close();
      },
    });
    await new Response(stream).text();
  },
  transform: async (log) => {
    const { readable, writable } = new TransformStream({ transform: log });
    const writer = writable.getWriter();
    const reading = readable.getReader().read();
    await scheduler.wait(1);
    await writer.write("x");
    writer.close();
    await reading;
  },
  async subrequest(log, env) {
    const response = await fetch(`${env.UPSTREAM}/bytes/100000`);
    log();
    await response.text();
    log();
  },
  async generator(log) {
    async function* steps() {
      yield await scheduler.wait(1);
      log();
      yield 1;
    }
    for await (const _ of steps()) log();
  },
  async settled_by_another(log) {
    // Both wait; whoever comes last lets both go on.
    await new Promise((resolve) => {
      waiting.push(resolve);
      if (waiting.length === 2) for (const go of waiting.splice(0)) go();
    });
    log();
  },
};

export default {
  async fetch(request, env, ctx) {
    const [, way] = new URL(request.url).pathname.split("/");
    const mine = new Response("mine");
    const wrong = [];
    let calls = 0;
    const log = () => {
      calls++;
      try {
        mine.clone();
      } catch (error) {
        wrong.push(`call ${calls}: ${error}`);
      }
    };
    const later = scheduler.wait(1).then(log);
    ctx.waitUntil(later);
    await WAYS[way](log, env);
    log();
    await later;
    return new Response(
      new ReadableStream({
        pull(controller) {
          log();
          controller.enqueue(new TextEncoder().encode(JSON.stringify({ calls, wrong })));
          controller.close();
        },
      }),
    );
  },
};
