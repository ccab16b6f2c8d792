"""examples/fanout does what its README says."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import httpx
import pytest
from running import Command

from examples import example_of


@pytest.fixture
async def url(tmp_path: Path, edgewright: Callable[..., Awaitable[Command]]) -> AsyncIterator[str]:
    """The example with its services on a free port."""
    async with example_of("fanout", tmp_path) as example:
        yield (await edgewright("serve", example.folder)).url


async def test_the_parts_come_together_as_fast_as_the_slowest(url: str) -> None:
    async with httpx.AsyncClient(timeout=60) as client:
        await client.get(url)
        for _ in range(100):  # the machine may be busy: once is enough
            answer = (await client.get(f"{url}/products/7")).json()
            took = answer.pop("ms")
            assert took >= 100
            if took < 290:
                break
    assert took < 290  # one after the other it would be 300
    assert answer == {
        "id": "7",
        "details": {"name": "Product 7", "weight": 107},
        "price": {"amount": "16.90", "currency": "EUR"},
        "reviews": [{"stars": 3, "text": "Does what it says."}],
    }


async def test_a_stream_gives_the_parts_in_the_order_of_their_delays(url: str) -> None:
    async with (
        httpx.AsyncClient(timeout=60) as client,
        client.stream("GET", f"{url}/products/7/stream") as response,
    ):
        assert response.headers["content-type"] == "application/x-ndjson"
        names: list[str] = []
        async for line in response.aiter_lines():
            names += json.loads(line)
    assert names == ["details", "reviews", "price"]


async def test_a_service_that_fails_is_a_part_that_is_missing(url: str) -> None:
    async with httpx.AsyncClient(timeout=60) as client:
        answer = (await client.get(f"{url}/products/13")).json()
    assert answer["reviews"] is None
    assert answer["details"]["name"] == "Product 13"


async def test_the_rest_is_a_404(url: str) -> None:
    async with httpx.AsyncClient(timeout=60) as client:
        assert (await client.get(url)).status_code == 404
