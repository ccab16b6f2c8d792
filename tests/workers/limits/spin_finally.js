import { withNeighbour } from "./neighbour.js";

export default withNeighbour(() => {
  try {
    for (;;);
  } finally {
    // biome-ignore lint/correctness/noUnsafeFinally: that is the point
    for (;;);
  }
});
