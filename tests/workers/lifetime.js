export default {
  async fetch(request, env, ctx) {
    const { pathname, searchParams } = new URL(request.url);
    switch (pathname) {
      case "/wait":
        ctx.waitUntil(scheduler.wait(50).then(() => console.log("after the response")));
        return new Response("early");
      case "/wait-and-fetch":
        ctx.waitUntil(
          (async () => {
            await scheduler.wait(20);
            const response = await fetch(searchParams.get("url"));
            console.log(await response.text());
          })(),
        );
        return new Response("early");
      case "/wait-fails":
        ctx.waitUntil(Promise.reject(new Error("nobody waits for me")));
        return new Response("fine");
      case "/chain":
        // What waitUntil() was given may give more to it.
        ctx.waitUntil(
          scheduler.wait(10).then(() => {
            ctx.waitUntil(scheduler.wait(10).then(() => console.log("second")));
            console.log("first");
          }),
        );
        return new Response("fine");
      case "/floating":
        setTimeout(() => console.log("must not be heard"), 30);
        return new Response("fine");
      case "/rejects":
        Promise.reject(new TypeError("floating rejection"));
        return new Response("fine");
      case "/timer-throws":
        setTimeout(() => {
          throw new Error("thrown by a timer");
        }, 1);
        await scheduler.wait(20);
        return new Response("fine");
      case "/never":
        return scheduler.wait(1e6); // its answer is far away
      case "/pass":
        ctx.passThroughOnException();
        if (request.method === "POST" && searchParams.has("read")) await request.text();
        throw new Error("passed on");
      default:
        throw new Error("no such test");
    }
  },
};
