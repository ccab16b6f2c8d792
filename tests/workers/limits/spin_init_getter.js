import { withNeighbour } from "./neighbour.js";

// The runtime layer calls the getter.
const init = {
  get status() {
    for (;;);
  },
};

export default withNeighbour(() => new Response("", init));
