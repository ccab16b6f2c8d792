import { withNeighbour } from "./neighbour.js";

export default withNeighbour(async () => {
  setTimeout(() => {
    for (;;);
  }, 10);
  await scheduler.wait(5000);
});
