import { withNeighbour } from "./neighbour.js";

function* endless() {
  for (;;);
}

export default withNeighbour(() => new Response(String(new Headers(endless()))));
