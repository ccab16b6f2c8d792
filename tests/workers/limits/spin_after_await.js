import { withNeighbour } from "./neighbour.js";

export default withNeighbour(async () => {
  await scheduler.wait(10);
  for (;;);
});
