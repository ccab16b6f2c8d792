// Answers the Worker in front of it.
let aborted = 0;

export default {
  async fetch(request, env) {
    const url = new URL(request.url);
    switch (url.pathname) {
      case "/throws":
        throw new RangeError("out of the back");
      case "/echo":
        return new Response(request.body, { status: 201, headers: { "x-method": request.method } });
      case "/many": {
        const upstream = url.searchParams.get("upstream");
        const all = await Promise.all(
          Array.from({ length: 40 }, (_, i) => fetch(`${upstream}/echo?${i}`).then((r) => r.status)),
        );
        return new Response(String(all.filter((status) => status === 200).length));
      }
      case "/deadlock":
        return env.FRONT.fetch("http://x/waits");
      case "/again":
        return env.FRONT.fetch(`http://x/shared${url.search}`);
      case "/slow":
        request.signal.addEventListener("abort", () => aborted++);
        await scheduler.wait(5000);
        return new Response("late");
      case "/aborted":
        return new Response(String(aborted));
    }
    return new Response(`back: ${request.method} ${url.pathname} ${request.headers.get("x-from")}`);
  },
};
