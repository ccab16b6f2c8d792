// Asks the exports of another Worker.
export default {
  async fetch(request, env) {
    const { pathname } = new URL(request.url);
    try {
      return await env[pathname.slice(1)].fetch("http://x/here", { headers: { "x-a": "1" } });
    } catch (error) {
      return new Response(`${error.name}: ${error.message}`);
    }
  },
};
