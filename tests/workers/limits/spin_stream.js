import { withNeighbour } from "./neighbour.js";

// The response has begun: its body breaks off.
export default withNeighbour(() => {
  const bytes = new Uint8Array(10);
  let pulls = 0;
  return new Response(
    new ReadableStream({
      async pull(controller) {
        await scheduler.wait(10);
        if (++pulls > 2) for (;;);
        controller.enqueue(bytes);
      },
    }),
  );
});
