import { withNeighbour } from "./neighbour.js";

const value = {
  get [Symbol.toStringTag]() {
    for (;;);
  },
  toString() {
    for (;;);
  },
};

export default withNeighbour(() => {
  console.log(value, `${value}`);
  return new Response("");
});
