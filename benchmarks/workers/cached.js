// Passes on a response that may be cached.
export default {
  async fetch(request, env) {
    const url = `${env.UPSTREAM}/page.bin`;
    switch (new URL(request.url).pathname) {
      case "/fetch":
        return fetch(url);
      case "/match": {
        const found = await caches.default.match(url);
        if (found !== undefined) return found;
        const response = await fetch(url);
        await caches.default.put(url, response.clone());
        return response;
      }
      default:
        return new Response("Hello World\n");
    }
  },
};
