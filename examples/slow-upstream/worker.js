// A slow upstream behind the edge's cache. How long a page stays is the upstream's to say, in its
// Cache-Control; the Worker says that pages are cached at all, as their URLs look dynamic.

export default {
  async fetch(request, env) {
    const { pathname, search } = new URL(request.url);
    const response = await fetch(env.UPSTREAM + pathname + search, {
      cf: { cacheEverything: true, cacheTags: [pathname.split("/")[1] || "front"] },
    });
    return new Response(response.body, response); // CF-Cache-Status and Age go along
  },
};
