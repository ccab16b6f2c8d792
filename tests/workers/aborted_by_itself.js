// ctx.abort() and navigator.sendBeacon().

export default {
  async fetch(request, env, ctx) {
    switch (new URL(request.url).pathname) {
      case "/abort":
        ctx.abort(new TypeError("given up"));
        break;
      case "/caught":
        try {
          ctx.abort(new TypeError("given up"));
        } catch {
          // It is over all the same.
        }
        return new Response("too late");
      case "/later":
        ctx.waitUntil(scheduler.wait(5).then(() => ctx.abort("after the answer")));
        return new Response("answered");
      case "/beacon":
        return Response.json([
          navigator.sendBeacon(`${env.UPSTREAM}/echo`, "a beacon"),
          navigator.sendBeacon("no URL"),
        ]);
    }
  },
};
