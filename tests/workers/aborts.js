export default {
  async fetch(request, env, ctx) {
    const { pathname, searchParams } = new URL(request.url);
    const upstream = searchParams.get("upstream");
    const hang = `${upstream}/hang`;
    switch (pathname) {
      case "/timeout":
        return failing(() => fetch(hang, { signal: AbortSignal.timeout(50) }));
      case "/any": {
        const controller = new AbortController();
        const signal = AbortSignal.any([controller.signal, AbortSignal.timeout(10_000)]);
        setTimeout(() => controller.abort(new RangeError("enough")), 50);
        return failing(() => fetch(hang, { signal }));
      }
      case "/before":
        return failing(() => fetch(hang, { signal: AbortSignal.abort() }));
      case "/while-reading": {
        const controller = new AbortController();
        const response = await fetch(`${upstream}/endless`, { signal: controller.signal });
        const reader = response.body.getReader();
        await reader.read();
        controller.abort();
        return failing(async () => {
          for (;;) if ((await reader.read()).done) return;
        });
      }
      case "/cancel-body": {
        const response = await fetch(`${upstream}/endless`);
        await response.body.cancel();
        return new Response("cancelled");
      }
      case "/unread": {
        await fetch(`${upstream}/endless`);
        return new Response("never looked");
      }
      case "/client":
        request.signal.addEventListener("abort", () => {
          console.log(`signal: ${request.signal.reason.name}`);
        });
        await fetch(hang);
        return new Response("must not be reached");
      case "/client-wait":
        ctx.waitUntil(
          fetch(`${upstream}/delay/200`)
            .then((response) => response.text())
            .then((text) => console.log(text)),
        );
        await fetch(hang);
        return new Response("must not be reached");
      case "/stream-upstream":
        return fetch(`${upstream}/endless`);
      case "/stream": {
        const body = new ReadableStream({
          async pull(controller) {
            await scheduler.wait(10);
            controller.enqueue(new TextEncoder().encode("tick\n"));
          },
          cancel() {
            console.log("stream cancelled");
          },
        });
        return new Response(body);
      }
    }
  },
};

async function failing(action) {
  try {
    await action();
    return Response.json({ outcome: "it worked" });
  } catch (error) {
    return Response.json({ name: error.name, message: error.message });
  }
}
