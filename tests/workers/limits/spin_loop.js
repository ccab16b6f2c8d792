import { withNeighbour } from "./neighbour.js";

export default withNeighbour(() => {
  for (;;);
});
