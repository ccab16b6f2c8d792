// What each binding costs: one operation a request.
const VALUE = "0123456789".repeat(10);
let n = 0;

export default {
  async fetch(request, { NS, LIMITER }) {
    switch (new URL(request.url).pathname) {
      case "/fill": {
        const from = n;
        n += 500;
        await Promise.all(Array.from({ length: 500 }, (_, i) => NS.put(`key-${from + i}`, VALUE)));
        return new Response(String(n));
      }
      case "/cached":
        return new Response(await NS.get("key-0"));
      case "/read":
        return new Response((await NS.get(`key-${n++ % 20_000}`)) ?? "none");
      case "/put":
        await NS.put(`put-${n++ % 1000}`, VALUE);
        return new Response("put");
      case "/limit":
        return new Response(String((await LIMITER.limit({ key: "k" })).success));
    }
    return new Response("hello");
  },
};
