"""examples/stitch does what its README says."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import httpx
import pytest
from running import Command

from examples import EXAMPLES, example_of

EXAMPLE = EXAMPLES / "stitch"
FIRST, SECOND = re.findall(r"```html\n(.*?)```", (EXAMPLE / "README.md").read_text(), re.DOTALL)


@pytest.fixture
async def url(tmp_path: Path, edgewright: Callable[..., Awaitable[Command]]) -> AsyncIterator[str]:
    """The example with its services on a free port."""
    async with example_of("stitch", tmp_path) as example:
        yield (await edgewright("dev", example.folder)).url


async def test_the_page_has_its_fragments_and_links_that_lead_here(url: str) -> None:
    async with httpx.AsyncClient(timeout=20) as client:
        response = await client.get(url)
    assert response.text == FIRST + SECOND
    assert response.headers["content-type"] == "text/html;charset=utf-8"


async def test_what_the_page_begins_with_is_there_before_it_has_ended(url: str) -> None:
    async with httpx.AsyncClient(timeout=20) as client, client.stream("GET", url) as response:
        seen = ""
        parts: list[str] = []
        async for part in response.aiter_text():
            parts.append(part)
            seen += part
            if seen == FIRST:
                break
        else:
            raise AssertionError(f"not by itself: {parts}")


async def test_what_is_no_page_is_passed_on(url: str) -> None:
    async with httpx.AsyncClient(timeout=20) as client:
        response = await client.get(f"{url}/nothing")
    assert (response.status_code, response.text) == (404, "There is no such thing.")
