import { withNeighbour } from "./neighbour.js";

export default withNeighbour(() => ({
  // biome-ignore lint/suspicious/noThenProperty: that is the point
  then() {
    for (;;);
  },
}));
