// Lets those in who bring a valid token: everything else ends at the edge.

import { InvalidToken, KeySet } from "./jwt.js";

let keys = null;

export default {
  async fetch(request, env) {
    const [scheme, token] = (request.headers.get("authorization") ?? "").split(" ");
    if (scheme.toLowerCase() !== "bearer" || token === undefined) return refuse("");
    keys ??= new KeySet(env.JWKS);
    try {
      const claims = await keys.verify(token, { issuer: env.ISSUER, audience: env.AUDIENCE });
      // Here the request would go on to what it is for: fetch(…), with the claims in a header.
      return Response.json(claims);
    } catch (error) {
      if (error instanceof InvalidToken) {
        return refuse(`error="invalid_token", error_description="The token is refused: ${error.message.replaceAll('"', "'")}"`);
      }
      throw error;
    }
  },
};

/** RFC 6750 §3 */
function refuse(reason) {
  const challenge = `Bearer realm="example"${reason && `, ${reason}`}`;
  return new Response("Unauthorized\n", { status: 401, headers: { "www-authenticate": challenge } });
}
