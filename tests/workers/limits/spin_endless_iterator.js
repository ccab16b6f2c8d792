import { withNeighbour } from "./neighbour.js";

function* endless() {
  for (;;) yield ["a", "b"];
}

export default withNeighbour(() => new Response(String(new URLSearchParams(endless()))));
