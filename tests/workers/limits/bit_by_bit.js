import { withNeighbour } from "./neighbour.js";

// Never for long, but again and again: the turns of a request are summed up.
export default withNeighbour(async () => {
  for (let i = 0; i < 40; i++) {
    const end = Date.now() + 1e6;
    for (let n = 0; n < 5e6 && Date.now() < end; n++);
    await scheduler.wait(1);
  }
  return new Response("too late");
});
