// Documents that come slowly, pass through, and are inserted into one another.

const kept = {};

export default {
  async fetch(request, env, ctx) {
    const path = new URL(request.url).pathname;
    const upstream = (name) => fetch(env.UPSTREAM + name);
    const mark = { element: (p) => void p.append("!") };
    switch (path) {
      case "/through":
        return new HTMLRewriter().on("p", mark).transform(await upstream("/slow"));
      case "/inserted":
        return new HTMLRewriter()
          .on("p", { element: async (p) => void p.append(await upstream("/slow"), { html: true }) })
          .transform(new Response("<p>before </p>after"));
      case "/waiting":
        return new HTMLRewriter()
          .on("p", { element: async (p) => void p.append(await (await upstream("/slow")).text()) })
          .transform(new Response("<i>early</i><p></p>"));
      case "/large":
        return new HTMLRewriter().on("p", mark).transform(await upstream("/large"));
      case "/left":
        ctx.waitUntil(
          new Promise((resolve) => {
            request.signal.addEventListener("abort", resolve);
          }),
        );
        return new HTMLRewriter().on("p", mark).transform(await upstream("/endless"));
      case "/length": {
        const headers = { "content-length": "3", "content-type": "text/html" };
        return new HTMLRewriter().on("p", mark).transform(new Response("<p>", { headers }));
      }
      case "/fails":
        return new HTMLRewriter()
          .on("b", {
            element() {
              throw new Error("half-way");
            },
          })
          .transform(await upstream("/slow"));
      case "/runaway":
        return new HTMLRewriter()
          .on("p", {
            async element() {
              await null;
              for (;;);
            },
          })
          .transform(new Response("<p>"));
      case "/never":
        return new HTMLRewriter()
          .on("p", { element: () => new Promise(() => {}) })
          .transform(new Response("<p>"));
      case "/keep":
        kept.response = new HTMLRewriter().transform(new Response("<p>"));
        return new Response("kept");
      case "/use":
        return new Response(await kept.response.text().catch(String));
      default:
        return new Response(null, { status: 404 });
    }
  },
};
