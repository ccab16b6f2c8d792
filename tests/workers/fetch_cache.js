// Fetches what it is told to, and tells what it got.

async function get({ url, method = "GET", headers = {}, body, cf, cache, redirect }) {
  const init = { method, headers };
  if (cf !== undefined) init.cf = cf;
  if (cache !== undefined) init.cache = cache;
  if (body !== undefined) init.body = body;
  if (redirect !== undefined) init.redirect = redirect;
  try {
    const response = await fetch(url, init);
    return {
      status: response.status,
      url: response.url,
      headers: Object.fromEntries(response.headers),
      cache: response.cf?.cacheStatus ?? null,
      text: await response.text(),
    };
  } catch (error) {
    return { error: `${error.name}: ${error.message}`, cache: null };
  }
}

export default {
  async fetch(request) {
    const options = await request.json();
    if (options.pass) return fetch(options.url, options);
    if (options.peek) {
      const response = await fetch(options.url, options);
      await response.body.cancel();
      return Response.json(response.status);
    }
    if (!Array.isArray(options)) return Response.json(await get(options));
    return Response.json(await Promise.all(options.map(get)));
  },
};
