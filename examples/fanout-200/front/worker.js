// 200 prices for one page. A request may make 50 subrequests, so four calls of the Worker behind this
// one make 50 each: they count as four here.

const PRICES = 200;
const EACH = 50;

export default {
  async fetch(request, env) {
    const began = Date.now();
    const answer =
      new URL(request.url).pathname === "/alone" ? await alone(env) : await together(env);
    return Response.json({ ...answer, ms: Date.now() - began });
  },
};

async function together(env) {
  const parts = [];
  for (let from = 0; from < PRICES; from += EACH) parts.push(env.PART.prices(from, EACH));
  const prices = (await Promise.all(parts)).flat();
  return { prices: prices.length, total: sum(prices), failed: 0 };
}

/** What happens without: the fifty-first call is refused. */
async function alone(env) {
  const asked = Array.from({ length: PRICES }, (_, id) =>
    fetch(`${env.UPSTREAM}/price/${id}`).then((response) => response.json()),
  );
  const settled = await Promise.allSettled(asked);
  const prices = settled.filter((each) => each.status === "fulfilled").map((each) => each.value);
  const refused = settled.find((each) => each.status === "rejected");
  return {
    prices: prices.length,
    total: sum(prices),
    failed: PRICES - prices.length,
    why: refused?.reason.message,
  };
}

function sum(prices) {
  return prices.reduce((total, { cents }) => total + cents, 0);
}
