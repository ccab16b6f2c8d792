import { withNeighbour } from "./neighbour.js";

// A lot of garbage is no lot of memory.
export default withNeighbour(async () => {
  let size = 0;
  for (let i = 0; i < 30; i++) {
    size += new Uint8Array(10 << 20).byteLength + new Array(500_000).fill(i).length;
    await scheduler.wait(1);
  }
  return new Response(String(size > 0));
});
