// Asks services that are no Workers: /PY/path?query.
export default {
  async fetch(request, env) {
    const url = new URL(request.url);
    const [, binding, ...rest] = url.pathname.split("/");
    try {
      if (rest[0] === "rpc") return new Response(await env[binding].method());
      const response = await env[binding].fetch(`https://inner.test/${rest.join("/")}${url.search}`, {
        method: request.method,
        headers: { "x-from": "worker" },
        body: request.body,
        redirect: url.searchParams.get("redirect") ?? "follow",
      });
      return new Response(response.body, {
        status: response.status,
        headers: {
          "x-url": response.url,
          "x-redirected": response.redirected,
          "x-said": response.headers.get("x-said") ?? "",
        },
      });
    } catch (error) {
      return new Response(`${error.name}: ${error.message}`);
    }
  },
};
