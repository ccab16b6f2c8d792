import { withNeighbour } from "./neighbour.js";

export default withNeighbour(() => {
  [3, 2, 1].sort(() => {
    for (;;);
  });
});
