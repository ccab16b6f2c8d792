import { withNeighbour } from "./neighbour.js";

// Neither the heap nor the buffers alone are too much.
const hoard = [];

export default withNeighbour(async () => {
  for (let i = 0; i < 7; i++) {
    hoard.push(new Uint8Array(10 << 20), new Array(1_300_000).fill(i));
    await scheduler.wait(1);
  }
  await scheduler.wait(500);
  return new Response(String(hoard.length));
});
