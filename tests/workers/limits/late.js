import { withNeighbour } from "./neighbour.js";

export default withNeighbour(async (request, _env, ctx) => {
  switch (new URL(request.url).pathname) {
    case "/response":
      await scheduler.wait(1e6);
      break;
    case "/wait-until":
      ctx.waitUntil(scheduler.wait(1e6));
      return new Response("answered");
    case "/slow-stream": // which may go on as long as somebody reads it
      return new Response(
        new ReadableStream({
          async pull(controller) {
            controller.enqueue(new TextEncoder().encode("x"));
            await scheduler.wait(400);
            this.count = (this.count ?? 0) + 1;
            if (this.count === 4) controller.close();
          },
        }),
      );
    case "/catches-all":
      for (;;) {
        try {
          await scheduler.wait(50);
        } catch {}
      }
  }
});
