// JSON Web Tokens (RFC 7519) in the compact form (RFC 7515 §7.1), verified with Web Crypto.

/** What each algorithm (RFC 7518 §3.1, RFC 8037 §3.1) is to Web Crypto. */
const ALGORITHMS = {
  HS256: { name: "HMAC", hash: "SHA-256" },
  RS256: { name: "RSASSA-PKCS1-v1_5", hash: "SHA-256" },
  ES256: { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" },
  EdDSA: { name: "Ed25519" },
};

/** Seconds that clocks may differ. */
const LEEWAY = 30;

export class InvalidToken extends Error {}

/** The keys of a JSON Web Key Set (RFC 7517 §5), imported when they are first needed. */
export class KeySet {
  #jwks;
  #imported = new Map();

  constructor(jwks) {
    this.#jwks = new Map(jwks.keys.map((jwk) => [jwk.kid, jwk]));
  }

  async verify(token, { issuer, audience, now = Date.now() / 1000 }) {
    const [header, payload, signature, ...rest] = token.split(".");
    if (signature === undefined || rest.length > 0) throw new InvalidToken("it has not three parts");
    const { alg, kid, crit } = decode(header);
    if (crit !== undefined) throw new InvalidToken("it asks for extensions");

    const jwk = this.#jwks.get(kid);
    if (jwk === undefined) throw new InvalidToken("its key is unknown");
    // The key says what it is for. A token that chooses its algorithm could have a public RSA key
    // taken for an HMAC secret, or no signature at all.
    if (alg !== jwk.alg) throw new InvalidToken(`its key is not for "${alg}"`);
    const valid = await crypto.subtle.verify(
      ALGORITHMS[jwk.alg],
      await this.#import(jwk),
      bytes(signature),
      new TextEncoder().encode(`${header}.${payload}`),
    );
    if (!valid) throw new InvalidToken("its signature is wrong");

    const claims = decode(payload);
    if (!(claims.exp > now - LEEWAY)) throw new InvalidToken("it has expired");
    if (claims.nbf > now + LEEWAY) throw new InvalidToken("it is not valid yet");
    if (claims.iss !== issuer) throw new InvalidToken("it is from another issuer");
    if (![claims.aud].flat().includes(audience)) throw new InvalidToken("it is for somebody else");
    return claims;
  }

  #import(jwk) {
    let key = this.#imported.get(jwk.kid);
    if (key === undefined) {
      key = crypto.subtle.importKey("jwk", jwk, ALGORITHMS[jwk.alg], false, ["verify"]);
      this.#imported.set(jwk.kid, key);
    }
    return key;
  }
}

function decode(part) {
  try {
    const value = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes(part)));
    if (typeof value === "object" && value !== null) return value;
  } catch {}
  throw new InvalidToken("a part of it is not a JSON object");
}

function bytes(base64url) {
  try {
    return Uint8Array.fromBase64(base64url, { alphabet: "base64url" });
  } catch {
    throw new InvalidToken("a part of it is not base64url");
  }
}
