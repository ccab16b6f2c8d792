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
    if (group === "derive") return new Response(await derive(Number(name)));
    await GROUPS[group][name]();
    return new Response("ok");
  },
};

/** Keeps the host's pool busy, so many times. */
async function derive(times) {
  const text = new Uint8Array(8);
  const key = await crypto.subtle.importKey("raw", text, "PBKDF2", false, ["deriveBits"]);
  const algorithm = { name: "PBKDF2", hash: "SHA-512", salt: text, iterations: 100_000 };
  for (let i = 0; i < times; i++) await crypto.subtle.deriveBits(algorithm, key, 512);
  return "derived";
}
