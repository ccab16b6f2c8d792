async function outcome(promise) {
  try {
    return (await promise).success;
  } catch (error) {
    return error.message;
  }
}

let woken = 0;

export default {
  async fetch(request, env) {
    const { pathname, searchParams } = new URL(request.url);
    switch (pathname) {
      case "/limit": {
        const limiter = env[searchParams.get("binding") ?? "LIMITER"];
        const key = searchParams.get("key") ?? "k";
        const count = Number(searchParams.get("count") ?? 1);
        const delta = Number(searchParams.get("delta") ?? 1);
        const all = await Promise.all(
          Array.from({ length: count }, () => outcome(limiter.limit({ key, delta }))),
        );
        return Response.json(all);
      }
      case "/wrong":
        return Response.json([
          await outcome(env.LIMITER.limit()),
          await outcome(env.LIMITER.limit({ key: 5 })),
          await outcome(env.LIMITER.limit({ key: "k", limits: 1, x: 1 })),
          await outcome(env.LIMITER.limit({ key: "k", delta: 0 })),
          await outcome(env.OTHER.limit({})),
          env.LIMITER.constructor.name,
        ]);
      case "/woken":
        return new Response(String(woken));
    }
    woken++;
    return new Response("served");
  },
};
