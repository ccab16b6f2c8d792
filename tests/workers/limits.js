export default {
  async fetch(request) {
    const { pathname } = new URL(request.url);
    switch (pathname) {
      case "/spin":
        for (;;);
      case "/memory": {
        const hoard = [];
        for (;;) hoard.push(new Array(100_000).fill(hoard.length));
      }
      case "/abort": // V8 ends the whole process
        return new Response(String(new Array(3e8).fill(0).length));
      case "/wait":
        await scheduler.wait(300);
        return new Response("waited");
      default:
        globalThis.count = (globalThis.count ?? 0) + 1;
        return new Response(String(globalThis.count));
    }
  },
};
