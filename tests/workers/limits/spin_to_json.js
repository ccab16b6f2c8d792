import { withNeighbour } from "./neighbour.js";

const value = {
  toJSON() {
    for (;;);
  },
};

export default withNeighbour(() => Response.json(value));
