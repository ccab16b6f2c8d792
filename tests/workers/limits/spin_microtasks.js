import { withNeighbour } from "./neighbour.js";

export default withNeighbour(async () => {
  for (;;) await null;
});
