import { withNeighbour } from "./neighbour.js";

// The runtime layer calls the getter.
const headers = {
  get "x-spin"() {
    for (;;);
  },
};

export default withNeighbour(() => new Response("", { headers }));
