import { withNeighbour } from "./neighbour.js";

// A built-in that V8 can't interrupt.
export default withNeighbour(
  () => new Response(String(Array.prototype.indexOf.call({ length: 2 ** 53 - 1 }, 1))),
);
