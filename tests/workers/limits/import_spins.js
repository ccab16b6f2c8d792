import { withNeighbour } from "./neighbour.js";

// What follows an import() runs outside of any turn, where only the whole isolate can be stopped.
export default withNeighbour(async () => {
  await import("./lazy.js");
  for (;;);
});
