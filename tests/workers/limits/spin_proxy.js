import { withNeighbour } from "./neighbour.js";

const init = new Proxy(
  {},
  {
    get() {
      for (;;);
    },
  },
);

export default withNeighbour(() => fetch("http://example.com/", init));
