import { withNeighbour } from "./neighbour.js";

// V8 would leave its check for interruptions out of this loop.
export default withNeighbour(() => {
  for (;;) new Array(1000).fill(1);
});
