// Each test is called in a request of its own: /group/name. What it throws is told.

import { INTERFACES } from "./interfaces.js";
import { OPERATIONS } from "./operations.js";
import { REFUSALS } from "./refusals.js";
import { VECTORS } from "./vectors.js";

const GROUPS = { vectors: VECTORS, operations: OPERATIONS, refusals: REFUSALS, interfaces: INTERFACES };

export default {
  async fetch(request) {
    const [, group, name] = new URL(request.url).pathname.split("/");
    if (name === undefined) return Response.json(Object.keys(GROUPS[group]));
    await GROUPS[group][name]();
    return new Response("ok");
  },
};
