"""openid.js: an API behind OpenID Connect, and the issuer that it asks."""

from __future__ import annotations

import base64
import json
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from bundling import LIMITS, Bundle
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from running import Run, Running, Serve

from edgewright import Outcome
from edgewright.gateway.asgi import Receive, Scope, Send


def encode(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def number(value: int, size: int) -> str:
    return encode(value.to_bytes(size, "big"))


@dataclass
class Issuer:
    """An OpenID provider: discovery, keys, tokens."""

    url: str = ""
    seen: list[str] = field(default_factory=list[str])
    _rsa: rsa.RSAPrivateKey = field(
        default_factory=lambda: rsa.generate_private_key(public_exponent=65537, key_size=2048)
    )
    _ec: ec.EllipticCurvePrivateKey = field(
        default_factory=lambda: ec.generate_private_key(ec.SECP256R1())
    )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.seen.append(scope["path"])
        answers = {
            "/.well-known/openid-configuration": {"issuer": self.url, "jwks_uri": f"{self.url}/k"},
            "/k": {"keys": self._keys()},
        }
        body = json.dumps(answers[scope["path"]]).encode()
        headers = [(b"content-type", b"application/json")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": body, "more_body": False})

    def _keys(self) -> list[dict[str, str]]:
        n = self._rsa.public_key().public_numbers().n
        point = self._ec.public_key().public_numbers()
        x, y = number(point.x, 32), number(point.y, 32)
        return [
            {"kty": "RSA", "alg": "RS256", "kid": "RS256", "n": number(n, 256), "e": "AQAB"},
            {"kty": "EC", "alg": "ES256", "kid": "ES256", "crv": "P-256", "x": x, "y": y},
        ]

    def token(self, alg: str = "RS256", *, kid: str | None = None, **claims: Any) -> str:
        now = int(time.time())
        payload = {"iss": self.url, "aud": "api", "sub": "ann", "exp": now + 60, **claims}
        head = {"alg": alg, "kid": kid or alg, "typ": "JWT"}
        signed = ".".join(encode(json.dumps(part).encode()) for part in (head, payload))
        if alg == "RS256":
            data = self._rsa.sign(signed.encode(), padding.PKCS1v15(), hashes.SHA256())
            return f"{signed}.{encode(data)}"
        r, s = decode_dss_signature(self._ec.sign(signed.encode(), ec.ECDSA(hashes.SHA256())))
        return f"{signed}.{encode(r.to_bytes(32, 'big') + s.to_bytes(32, 'big'))}"


@pytest.fixture
async def issuer(http: Serve) -> Issuer:
    issuer = Issuer()
    issuer.url = await http(issuer)
    return issuer


@pytest.fixture
async def api(bundle: Bundle, run: Run, issuer: Issuer) -> AsyncIterator[Running]:
    running = await run(
        bundle("openid.js"), env={"ISSUER": issuer.url, "AUDIENCE": "api"}, limits=LIMITS
    )
    yield running
    assert {record.outcome for record in running.observed.requests} == {Outcome.OK}


async def refusal(api: Running, token: str) -> str:
    answer = await api.fetch(headers={"authorization": f"Bearer {token}"})
    assert answer.status == 403
    code = (await answer.json())["error"]
    assert api.logged[-1] == f"refused: {code}"
    return code


@pytest.mark.parametrize("alg", ["RS256", "ES256"])
async def test_a_token_of_the_issuer_is_let_in(api: Running, issuer: Issuer, alg: str) -> None:
    headers = {"authorization": f"Bearer {issuer.token(alg)}"}
    assert await api.json(headers=headers) == {"sub": "ann", "alg": alg}


async def test_keys_are_fetched_once(api: Running, issuer: Issuer) -> None:
    for _ in range(3):
        assert (
            await api.fetch(headers={"authorization": f"Bearer {issuer.token()}"})
        ).status == 200
    assert issuer.seen == ["/.well-known/openid-configuration", "/k"]
    assert [record.subrequests for record in api.observed.requests] == [2, 0, 0]


async def test_without_a_token(api: Running) -> None:
    answer = await api.fetch()
    assert (answer.status, answer.headers["www-authenticate"]) == (401, "Bearer")


async def test_tokens_that_are_refused(api: Running, issuer: Issuer) -> None:
    assert await refusal(api, issuer.token(exp=1)) == "ERR_JWT_EXPIRED"
    assert await refusal(api, issuer.token(aud="other")) == "ERR_JWT_CLAIM_VALIDATION_FAILED"
    assert await refusal(api, issuer.token(kid="unknown")) == "ERR_JWKS_NO_MATCHING_KEY"
    header, payload, signature = issuer.token().split(".")
    other = issuer.token(sub="eve").split(".")[1]
    wrong = "ERR_JWS_SIGNATURE_VERIFICATION_FAILED"
    assert await refusal(api, f"{header}.{other}.{signature}") == wrong
    none = encode(b'{"alg":"none"}')
    assert await refusal(api, f"{none}.{payload}.") == "ERR_JOSE_NOT_SUPPORTED"
