import { withNeighbour } from "./neighbour.js";

const url = {
  toString() {
    for (;;);
  },
};

export default withNeighbour(() => fetch(url));
