export default {
  async fetch(request) {
    const { pathname, searchParams } = new URL(request.url);
    const upstream = searchParams.get("upstream");
    const count = Number(searchParams.get("count"));
    if (pathname === "/staggered") {
      const started = performance.now();
      const texts = await Promise.all(
        Array.from({ length: count }, (_, i) =>
          fetch(`${upstream}/delay/${50 + i * 10}`).then((response) => response.text()),
        ),
      );
      return Response.json({ texts, ms: performance.now() - started });
    }
    if (pathname === "/failing") {
      const settled = await Promise.allSettled([
        fetch(`${upstream}/delay/20`),
        fetch("http://127.0.0.1:1/"),
        fetch("http://nowhere.invalid/"),
        fetch("ftp://127.0.0.1/"),
      ]);
      return Response.json(
        settled.map((one) => (one.status === "fulfilled" ? one.value.status : String(one.reason))),
      );
    }
    const responses = await Promise.all(
      Array.from({ length: count }, () => fetch(`${upstream}/delay/200`)),
    );
    const texts = await Promise.all(responses.map((response) => response.text()));
    return new Response(String(texts.length));
  },
};
