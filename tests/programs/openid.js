// An API behind OpenID Connect: discovery, the issuer's keys and the token's checks, by jose.
import { createRemoteJWKSet, errors, jwtVerify } from "jose";

let keys;

/** The issuer's keys, which jose fetches when a token names one that it has not seen. */
async function issuerKeys(issuer) {
  if (keys === undefined) {
    const response = await fetch(`${issuer}/.well-known/openid-configuration`);
    if (!response.ok) throw new Error(`no discovery: ${response.status}`);
    const { jwks_uri } = await response.json();
    keys = createRemoteJWKSet(new URL(jwks_uri), { cooldownDuration: 0 });
  }
  return keys;
}

export default {
  async fetch(request, { ISSUER, AUDIENCE }) {
    const [scheme, token] = (request.headers.get("authorization") ?? "").split(" ");
    if (scheme !== "Bearer") {
      return new Response("who?", { status: 401, headers: { "www-authenticate": "Bearer" } });
    }
    try {
      const { payload, protectedHeader } = await jwtVerify(token, await issuerKeys(ISSUER), {
        issuer: ISSUER,
        audience: AUDIENCE,
        requiredClaims: ["sub", "exp"],
      });
      return Response.json({ sub: payload.sub, alg: protectedHeader.alg });
    } catch (error) {
      if (!(error instanceof errors.JOSEError)) throw error;
      console.warn(`refused: ${error.code}`);
      return Response.json({ error: error.code }, { status: 403 });
    }
  },
};
