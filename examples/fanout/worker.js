// An API aggregator: one page's data from several services, asked all at once.

const TIMEOUT = 1000; // milliseconds that a service has to answer

export default {
  async fetch(request, env) {
    const { pathname } = new URL(request.url);
    const product = /^\/products\/(\d+)(\/stream)?$/.exec(pathname);
    if (product === null) {
      return Response.json({ error: "Try /products/7 or /products/7/stream" }, { status: 404 });
    }
    const [, id, stream] = product;
    const parts = {
      details: get(env, `/details/${id}`, request.signal),
      price: get(env, `/prices/${id}`, request.signal),
      reviews: get(env, `/reviews/${id}`, request.signal),
    };
    return stream ? streamed(parts) : together(id, parts);
  },
};

/** One answer when all parts are there: as slow as the slowest service, not as their sum. */
async function together(id, parts) {
  const started = Date.now();
  try {
    const [details, price, reviews] = await Promise.all([
      parts.details, // without them there is no product to show
      optional(parts.price),
      optional(parts.reviews),
    ]);
    return Response.json({ id, details, price, reviews, ms: Date.now() - started });
  } catch (error) {
    return Response.json({ error: error.message }, { status: 502 });
  }
}

/** A line of JSON for each part, in the order in which the services answer. */
function streamed(parts) {
  const { readable, writable } = new IdentityTransformStream();
  const writer = writable.getWriter();
  const encoder = new TextEncoder();
  const lines = Object.entries(parts).map(async ([name, part]) => {
    const line = { [name]: await optional(part) };
    await writer.write(encoder.encode(`${JSON.stringify(line)}\n`));
  });
  Promise.all(lines).then(
    () => writer.close(),
    (error) => writer.abort(error),
  );
  return new Response(readable, { headers: { "content-type": "application/x-ndjson" } });
}

/** What a service says; it rejects when that takes too long or the client went away. */
async function get(env, path, signal) {
  const response = await fetch(env.UPSTREAM + path, {
    signal: AbortSignal.any([signal, AbortSignal.timeout(TIMEOUT)]),
  });
  if (!response.ok) {
    throw new Error(`${path} answered ${response.status}`);
  }
  return response.json();
}

/** A part that the page can do without: null when its service fails. */
async function optional(part) {
  try {
    return await part;
  } catch (error) {
    console.warn(error.message);
    return null;
  }
}
