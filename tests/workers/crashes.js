// Ends its process, or waits for somebody else to.
let requests = 0;

export default {
  async fetch(request) {
    const url = new URL(request.url);
    requests++;
    switch (url.pathname) {
      case "/spin":
        // Until somebody ends the process.
        for (;;);
      case "/abort":
        // A loop that V8 has no place to interrupt: its process has to be ended.
        return new Response(String(new Array(3e8).fill(0).length));
      case "/wait":
        await scheduler.wait(Number(url.searchParams.get("ms")));
        return new Response(`waited ${await request.text()}`);
      case "/stream": {
        const { readable, writable } = new IdentityTransformStream();
        const writer = writable.getWriter();
        writer.write(new TextEncoder().encode("begun"));
        setTimeout(() => writer.close(), Number(url.searchParams.get("ms")));
        return new Response(readable);
      }
      case "/posts":
        await fetch(url.searchParams.get("to"), { method: "POST", body: "once" });
        await scheduler.wait(Number(url.searchParams.get("ms")));
        return new Response("posted");
    }
    return new Response(String(requests));
  },
};
