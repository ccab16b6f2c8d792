// The one Worker of the benchmarks: both runtimes run this very file.
export default {
  async fetch(request, env) {
    const url = new URL(request.url);
    if (url.pathname === "/big") return fetch(`${env.UPSTREAM}/big`);
    const n = Number(url.searchParams.get("n") || 0);
    if (!n) return new Response("Hello World\n");
    const texts = await Promise.all(
      Array.from({ length: n }, (_, i) =>
        fetch(`${env.UPSTREAM}/?i=${i}`).then((response) => response.text()),
      ),
    );
    return Response.json({ n, total: texts.reduce((sum, text) => sum + text.length, 0) });
  },
};
