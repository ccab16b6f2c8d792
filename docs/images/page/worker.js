// A product's page, as it is often written at first: what it needs is asked for step by step.

export default {
  async fetch(request, env, ctx) {
    const id = new URL(request.url).pathname.split("/").at(-1);
    const details = await fetch(`${env.UPSTREAM}/details/${id}`);
    const reviews = await fetch(`${env.UPSTREAM}/reviews/${id}`);
    const price = await env.PRICES.fetch(`https://prices/${id}`);
    if (!reviews.ok) console.warn(`no reviews of ${id}: ${reviews.status}`);
    ctx.waitUntil(fetch(`${env.UPSTREAM}/details/${id}`, { method: "HEAD" }));
    return Response.json({ details: await details.json(), price: await price.json() });
  },
};
