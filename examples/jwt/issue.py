"""Somebody else's part: issues a token, as in `python examples/jwt/issue.py EdDSA`."""

from __future__ import annotations

import argparse
import base64
import hmac
import json
import time
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

KEYS = json.loads((Path(__file__).parent / "private.json").read_text())["keys"]
ALGORITHMS = [key["alg"] for key in KEYS]


def issue(algorithm: str, **claims: Any) -> str:
    """A token of RFC 7515's compact form; `claims` add to and replace the usual ones."""
    (jwk,) = (key for key in KEYS if key["alg"] == algorithm)
    now = int(time.time())
    payload = {
        "iss": "https://issuer.example",
        "aud": "https://api.example",
        "sub": "user-7",
        "iat": now,
        "exp": now + 600,
        **claims,
    }
    header = {"alg": algorithm, "kid": jwk["kid"], "typ": "JWT"}
    signed = f"{encode(json.dumps(header).encode())}.{encode(json.dumps(payload).encode())}"
    return f"{signed}.{encode(sign(jwk, signed.encode()))}"


def sign(jwk: dict[str, str], data: bytes) -> bytes:
    match jwk["alg"]:
        case "HS256":
            return hmac.digest(decode(jwk["k"]), data, "sha256")
        case "RS256":
            n, e, d, p, q, dp, dq, qi = (
                number(jwk[name]) for name in ("n", "e", "d", "p", "q", "dp", "dq", "qi")
            )
            public = rsa.RSAPublicNumbers(e, n)
            key = rsa.RSAPrivateNumbers(p, q, d, dp, dq, qi, public).private_key()
            return key.sign(data, padding.PKCS1v15(), hashes.SHA256())
        case "ES256":
            key = ec.derive_private_key(number(jwk["d"]), ec.SECP256R1())
            r, s = decode_dss_signature(key.sign(data, ec.ECDSA(hashes.SHA256())))
            return r.to_bytes(32) + s.to_bytes(32)
        case _:
            return ed25519.Ed25519PrivateKey.from_private_bytes(decode(jwk["d"])).sign(data)


def encode(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def decode(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def number(text: str) -> int:
    return int.from_bytes(decode(text))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("algorithm", choices=ALGORITHMS)
    parser.add_argument("--seconds", type=int, default=600, help="how long the token is valid")
    arguments = parser.parse_args()
    print(issue(arguments.algorithm, exp=int(time.time()) + arguments.seconds))
