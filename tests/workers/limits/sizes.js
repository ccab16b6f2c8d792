export default {
  async fetch(request) {
    const { pathname, searchParams } = new URL(request.url);
    switch (pathname) {
      case "/headers":
        return new Response("", { headers: { "x-large": "x".repeat(searchParams.get("size")) } });
      case "/log":
        for (let i = 0; i < 30; i++) console.log("x".repeat(10_000));
        return new Response("logged");
      default: {
        const body = await request.arrayBuffer();
        return new Response(String(body.byteLength));
      }
    }
  },
};
