// Says hello itself, or lets the Worker behind it do so.
export default {
  async fetch(request, env) {
    switch (new URL(request.url).pathname) {
      case "/hop":
        return env.BACK.fetch(request);
      case "/call":
        return new Response(await env.CALLS.hello("world"));
      case "/pipelined":
        return new Response(await env.CALLS.greeter("world").hello());
    }
    return new Response("Hello, world!");
  },
};
