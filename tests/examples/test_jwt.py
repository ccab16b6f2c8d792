"""examples/jwt does what its README says."""

from __future__ import annotations

import base64
import json
import runpy
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from edgewright import Response, Worker

EXAMPLE = Path(__file__).parents[2] / "examples" / "jwt"
_issuer = runpy.run_path(str(EXAMPLE / "issue.py"))
issue: Callable[..., str] = _issuer["issue"]
ALGORITHMS: list[str] = _issuer["ALGORITHMS"]


@pytest.fixture
async def worker() -> AsyncIterator[Worker]:
    async with Worker(EXAMPLE) as worker:
        yield worker


async def ask(worker: Worker, token: str) -> Response:
    return await worker.fetch("http://api.test/", headers={"authorization": f"Bearer {token}"})


async def refusal(worker: Worker, token: str) -> str:
    response = await ask(worker, token)
    assert response.status == 401
    return response.headers["www-authenticate"].partition("The token is refused: ")[2].rstrip('"')


def forged(token: str, **header: str) -> str:
    """The token with another header."""
    _, payload, signature = token.split(".")
    encoded = base64.urlsafe_b64encode(json.dumps(header).encode()).rstrip(b"=").decode()
    return f"{encoded}.{payload}.{signature}"


@pytest.mark.parametrize("algorithm", ALGORITHMS)
async def test_a_valid_token_is_let_in(worker: Worker, algorithm: str) -> None:
    response = await ask(worker, issue(algorithm, sub="somebody"))
    assert response.status == 200
    assert json.loads(await response.bytes())["sub"] == "somebody"


@pytest.mark.parametrize("algorithm", ALGORITHMS)
async def test_a_signature_that_is_wrong(worker: Worker, algorithm: str) -> None:
    header, payload, signature = issue(algorithm).split(".")
    other = issue(algorithm, sub="another").split(".")[1]
    assert await refusal(worker, f"{header}.{other}.{signature}") == "its signature is wrong"
    changed = ("B" if signature[0] == "A" else "A") + signature[1:]
    assert await refusal(worker, f"{header}.{payload}.{changed}") == "its signature is wrong"


async def test_claims_that_do_not_hold(worker: Worker) -> None:
    async def with_claims(**claims: object) -> str:
        return await refusal(worker, issue("EdDSA", **claims))

    assert await with_claims(exp=int(time.time()) - 60) == "it has expired"
    assert await with_claims(exp=None) == "it has expired"
    assert await with_claims(nbf=int(time.time()) + 600) == "it is not valid yet"
    assert await with_claims(iss="https://else.example") == "it is from another issuer"
    assert await with_claims(aud=["https://else.example"]) == "it is for somebody else"


async def test_the_key_chooses_the_algorithm_and_not_the_token(worker: Worker) -> None:
    token = issue("RS256")
    assert await refusal(worker, forged(token, alg="none", kid="rsa-1")) == (
        "its key is not for 'none'"
    )
    assert await refusal(worker, forged(token, alg="HS256", kid="rsa-1")) == (
        "its key is not for 'HS256'"
    )
    assert await refusal(worker, forged(token, alg="RS256", kid="x")) == "its key is unknown"


@pytest.mark.parametrize("token", ["x", "a.b", "a.b.c.d", "..", "e30.e30.e30", "%.%.%", "bnVsbA.."])
async def test_what_is_no_token(worker: Worker, token: str) -> None:
    assert (await ask(worker, token)).status == 401


async def test_no_token_at_all(worker: Worker) -> None:
    response = await worker.fetch("http://api.test/")
    assert response.status == 401
    assert response.headers["www-authenticate"] == 'Bearer realm="example"'
