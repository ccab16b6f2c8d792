"""What a Worker answers, and what its client gets to see of that."""

from __future__ import annotations

import gzip
from pathlib import Path

import brotli
import httpx
import pytest
from running import Origin, Run, Running, Serve
from upstream import TEXT

from edgewright import Outcome, WorkerException

WORKER = Path(__file__).parent / "responses.js"


@pytest.fixture
async def running(run: Run) -> Running:
    return await run(WORKER)


@pytest.fixture
async def url(running: Running, http: Serve) -> str:
    return await http(running.worker.asgi())


async def test_the_ways_to_make_a_response(running: Running) -> None:
    response = await running.fetch("/json")
    assert (response.status, response.headers["content-type"]) == (201, "application/json")
    assert response.headers["x-a"] == "1"
    assert await response.json() == {"a": [1, "ä"]}
    response = await running.fetch("/redirect")
    assert (response.status, response.headers["location"]) == (301, "http://example.com/there")
    assert await running.json("/clone") == ["same", "same", "1"]
    response = await running.fetch("/cookies")
    assert response.headers.getall("set-cookie") == ["a=1", "b=2"]


async def test_heads_reach_the_client(url: str) -> None:
    async with httpx.AsyncClient(timeout=60) as client:
        assert (await client.get(f"{url}/status?code=418")).status_code == 418
        assert (await client.get(f"{url}/status?code=599")).status_code == 599
        assert (await client.get(f"{url}/latin")).headers["x-latin"] == "café"
        response = await client.get(f"{url}/cookies")
        assert response.headers.get_list("set-cookie") == ["a=1", "b=2"]
        response = await client.get(f"{url}/hop")
        assert (response.status_code, response.headers.get("connection")) == (200, None)
        response = await client.head(f"{url}/head")
        assert (response.content, response.headers["x-method"]) == (b"", "HEAD")


@pytest.mark.parametrize(
    ("path", "message"),
    [
        ("/throws", "TypeError: secret message"),
        ("/throws-a-string", "just a string"),
        ("/rejects", "RangeError: later"),
        ("/not-a-response", "did not resolve to 'Response'"),
        ("/nothing", "did not resolve to 'Response'"),
        ("/error", ""),
        ("/used", "TypeError: "),
        ("/status?code=99", "RangeError: "),
    ],
)
async def test_a_handler_that_fails(running: Running, url: str, path: str, message: str) -> None:
    with pytest.raises(WorkerException) as caught:
        await running.fetch(path)
    assert message in str(caught.value)
    async with httpx.AsyncClient(timeout=60) as client:
        response = await client.get(f"{url}{path}")
        assert (response.status_code, response.text) == (500, "error code: 1101")
        response = await client.get(f"{url}{path}", headers={"accept": "text/html"})
        assert response.headers["content-type"] == "text/html; charset=utf-8"
        assert "1101" in response.text
        record = running.observed.requests[-1]
        assert f"Ray ID: <code>{record.ray}</code>" in response.text
        for secret in ("secret", "responses.js", "RangeError", str(WORKER.parent)):
            assert secret not in response.text
    assert record.outcome is Outcome.EXCEPTION
    # The next request finds everything in order.
    assert await running.json("/clone") == ["same", "same", "1"]


async def test_in_dev_the_page_shows_the_exception(running: Running, http: Serve) -> None:
    url = await http(running.worker.asgi(dev=True))
    async with httpx.AsyncClient(timeout=60) as client:
        page = (await client.get(f"{url}/throws", headers={"accept": "text/html"})).text
        text = (await client.get(f"{url}/throws")).text
    for shown in ("TypeError", "secret message", "responses.js", "throw new TypeError("):
        assert shown in page
    assert "TypeError: secret message" in text


async def test_stacks_point_into_the_source(running: Running) -> None:
    with pytest.raises(WorkerException) as caught:
        await running.fetch("/deep")
    lines = WORKER.read_text().splitlines()
    line = 1 + lines.index('  throw new Error("deep");')
    frames = caught.value.stack.splitlines()
    assert frames[0] == "Error: deep"
    assert f"at second (worker:/responses.js:{line}:9)" in frames[1]
    assert "at first (worker:/responses.js:" in frames[2]
    assert all("worker:/responses.js" in frame for frame in frames[1:]), frames


@pytest.mark.parametrize("coding", ["gzip", "br"])
async def test_what_the_worker_says_is_encoded_is_encoded(url: str, coding: str) -> None:
    async with httpx.AsyncClient(timeout=60) as client:
        response = await client.get(f"{url}/coded?coding={coding}")
    assert response.headers["content-encoding"] == coding
    assert response.text == "All work and no play. " * 1000
    assert int(response.headers.get("content-length", 0)) < 1000


async def test_what_is_encoded_already_stays_as_it_is(url: str) -> None:
    async with (
        httpx.AsyncClient(timeout=60) as client,
        client.stream("GET", f"{url}/coded-manual") as answer,
    ):
        assert [part async for part in answer.aiter_raw()] == [b"not really gzip"]


@pytest.mark.parametrize("coding", ["gzip", "br"])
async def test_codings_of_an_upstream(url: str, upstream: Origin, coding: str) -> None:
    path = f"{url}/coded-upstream?from={upstream.url}/{coding}&how="
    decode = gzip.decompress if coding == "gzip" else brotli.decompress
    async with httpx.AsyncClient(timeout=60) as client:
        assert (await client.get(f"{path}read")).text == TEXT[:20]
        for how in ("untouched", "transform"):
            async with client.stream("GET", path + how) as response:
                raw = b"".join([part async for part in response.aiter_raw()])
            assert response.headers["content-encoding"] == coding, how
            assert decode(raw) == TEXT.encode(), how
            if how == "untouched":
                encode = gzip.compress if coding == "gzip" else brotli.compress
                assert len(raw) == len(encode(TEXT.encode()))
    assert upstream.app.seen[0].headers["accept-encoding"] == "br, gzip"
