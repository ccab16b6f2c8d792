import { withNeighbour } from "./neighbour.js";

const delay = {
  valueOf() {
    for (;;);
  },
};

export default withNeighbour(() => scheduler.wait(delay));
