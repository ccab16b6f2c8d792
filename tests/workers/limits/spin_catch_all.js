import { withNeighbour } from "./neighbour.js";

export default withNeighbour(async () => {
  for (;;) {
    try {
      for (;;);
    } catch {}
  }
});
