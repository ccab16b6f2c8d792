// Counts votes in KV: once in the way that loses some, once in the way that does not.

const TOTAL = "wrong/total";
const VOTES = "right/";

/** Wrong: between get() and put() others read the same number, and one of the votes is lost. */
async function voteWrong(kv) {
  const total = Number((await kv.get(TOTAL)) ?? 0);
  await kv.put(TOTAL, String(total + 1));
}

/** Right: each vote has a key of its own. Nothing is read, so nothing can be overwritten. */
async function vote(kv) {
  await kv.put(VOTES + crypto.randomUUID(), "");
}

/** The total is counted when somebody asks for it. */
async function count(kv) {
  let total = 0;
  for (let cursor; ; ) {
    const page = await kv.list({ prefix: VOTES, cursor });
    total += page.keys.length;
    if (page.list_complete) return total;
    cursor = page.cursor;
  }
}

export default {
  async fetch(request, env) {
    const { pathname } = new URL(request.url);
    switch (`${request.method} ${pathname}`) {
      case "POST /wrong":
        await voteWrong(env.VOTES);
        return new Response("counted, perhaps\n");
      case "POST /right":
        await vote(env.VOTES);
        return new Response("counted\n");
      case "GET /wrong":
        return new Response((await env.VOTES.get(TOTAL)) ?? "0");
      case "GET /right":
        return new Response(String(await count(env.VOTES)));
    }
    return new Response("not found\n", { status: 404 });
  },
};
