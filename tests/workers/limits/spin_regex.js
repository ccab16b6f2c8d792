import { withNeighbour } from "./neighbour.js";

export default withNeighbour(() => new Response(/(a+)+b/.test("a".repeat(50))));
