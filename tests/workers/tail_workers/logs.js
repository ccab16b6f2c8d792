// Keeps what it is told, and gives it to who asks.
const calls = [];

export default {
  async tail(events, env, ctx) {
    calls.push(events);
    console.log(`told of ${events.length}`);
    if (events.some(({ event }) => event.request?.url.endsWith("/poison"))) {
      throw new RangeError("not that one");
    }
    // What would be told of in turn, for ever.
    if (events.some(({ event }) => event.request?.url.endsWith("/loop"))) {
      ctx.waitUntil(env.PRODUCER.fetch("http://p/from-tail"));
      ctx.waitUntil(env.PRODUCER.hello());
    }
  },

  async fetch(request) {
    const { pathname } = new URL(request.url);
    if (pathname === "/calls") return Response.json(calls.map((events) => events.length));
    if (pathname === "/unredacted") {
      const { request } = calls[0][0].event;
      const whole = request.getUnredacted();
      return Response.json({
        url: whole.url,
        headers: whole.headers,
        again: whole.getUnredacted() === whole,
        keys: Object.keys(request),
      });
    }
    return Response.json(calls.flat());
  },
};
