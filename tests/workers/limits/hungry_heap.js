import { withNeighbour } from "./neighbour.js";

export default withNeighbour(() => {
  const hoard = [];
  for (;;) hoard.push(new Array(1000).fill({ size: hoard.length }));
});
