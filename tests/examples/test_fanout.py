"""examples/fanout does what its README says."""

from __future__ import annotations

import json
import time
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
    async with httpx.AsyncClient() as client:
        await client.get(url)
        began = time.monotonic()
        response = await client.get(f"{url}/products/7")
        took = time.monotonic() - began
    answer = response.json()
    assert 100 <= answer.pop("ms") < 290
    assert 0.1 < took < 0.29  # one after the other it would be 0.3
    assert answer == {
        "id": "7",
        "details": {"name": "Product 7", "weight": 107},
        "price": {"amount": "16.90", "currency": "EUR"},
        "reviews": [{"stars": 3, "text": "Does what it says."}],
    }


async def test_a_stream_gives_each_part_when_it_is_there(url: str) -> None:
    async with (
        httpx.AsyncClient() as client,
        client.stream("GET", f"{url}/products/7/stream") as response,
    ):
        assert response.headers["content-type"] == "application/x-ndjson"
        times: list[float] = []
        names: list[str] = []
        async for line in response.aiter_lines():
            times.append(time.monotonic())
            names += json.loads(line)
    assert names == ["details", "reviews", "price"]  # in the order of their delays
    assert times[-1] - times[0] > 0.02


async def test_a_service_that_fails_is_a_part_that_is_missing(url: str) -> None:
    async with httpx.AsyncClient() as client:
        answer = (await client.get(f"{url}/products/13")).json()
    assert answer["reviews"] is None
    assert answer["details"]["name"] == "Product 13"


async def test_the_rest_is_a_404(url: str) -> None:
    async with httpx.AsyncClient() as client:
        assert (await client.get(url)).status_code == 404
