"""examples/slow-upstream does what its README says."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
from click.testing import CliRunner
from running import Command

from edgewright.cli import main
from examples import example_of


@dataclass
class Example:
    url: str
    upstream: str
    folder: Path
    client: httpx.AsyncClient

    async def get(self, path: str) -> tuple[str, int, float]:
        """CF-Cache-Status, the version, and how long it took."""
        began = time.monotonic()
        response = await self.client.get(self.url + path)
        took = time.monotonic() - began
        return response.headers["cf-cache-status"], response.json()["version"], took

    async def asked(self) -> int:
        return (await self.client.get(self.upstream)).json()["asked"]


@pytest.fixture
async def example(
    tmp_path: Path, edgewright: Callable[..., Awaitable[Command]]
) -> AsyncIterator[Example]:
    async with (
        example_of("slow-upstream", tmp_path) as copy,
        httpx.AsyncClient(timeout=30) as client,
    ):
        # Two gateways: what one has stored, the other finds.
        url = (await edgewright("serve", copy.folder, "--workers", "2")).url
        yield Example(url, f"http://127.0.0.1:{copy.port}", copy.folder, client)


async def test_only_the_first_reader_waits(example: Example) -> None:
    label, version, took = await example.get("/pages/news")
    assert (label, version) == ("MISS", 1)
    assert took > 0.5
    label, version, _ = await example.get("/pages/news")
    assert (label, version) == ("HIT", 1)
    await asyncio.sleep(2.1)
    label, version, _ = await example.get("/pages/news")
    assert (label, version) == ("UPDATING", 1)

    async def is_new() -> bool:
        return (await example.get("/pages/news"))[:2] == ("HIT", 2)

    for _ in range(100):
        if await is_new():
            break
        await asyncio.sleep(0.1)
    else:
        pytest.fail("it was not fetched anew")


async def test_many_at_once_are_one_for_the_upstream(example: Example) -> None:
    found = await asyncio.gather(*[example.get("/pages/crowd") for _ in range(20)])
    assert {version for _, version, _ in found} == {1}
    assert sorted(label for label, _, _ in found) == ["HIT"] * 19 + ["MISS"]
    assert await example.asked() == 1  # though there are two gateways


async def test_an_upstream_that_fails_is_not_noticed(example: Example) -> None:
    await example.get("/pages/news")
    await example.client.post(f"{example.upstream}/break")
    await asyncio.sleep(2.1)
    for _ in range(3):
        label, version, _ = await example.get("/pages/news")
        assert (label, version) in {("UPDATING", 1), ("STALE", 1)}


async def test_a_purge_is_seen_by_gateways_that_run(example: Example) -> None:
    def cache(*arguments: str) -> str:
        result = CliRunner().invoke(main, ["cache", *arguments, "-c", str(example.folder)])
        assert result.exit_code == 0, result.output
        return result.output

    assert (await example.get("/pages/news"))[0] == "MISS"

    async def is_listed() -> bool:
        return "/pages/news" in await asyncio.to_thread(cache, "list")

    for _ in range(100):
        if await is_listed():
            break
        await asyncio.sleep(0.05)
    assert await asyncio.to_thread(cache, "purge", "--tag", "pages") == "Removed 1 response.\n"
    label, version, _ = await example.get("/pages/news")
    assert (label, version) == ("MISS", 2)
