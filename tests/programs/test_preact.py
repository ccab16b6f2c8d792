"""preact.jsx: pages that Preact renders on the server."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from bundling import LIMITS, Bundle
from running import Origin, Run, Running, eventually

from edgewright import Outcome


@pytest.fixture
async def preact(bundle: Bundle, run: Run, upstream: Origin) -> AsyncIterator[Running]:
    running = await run(bundle("preact.jsx"), env={"ORIGIN": upstream.url}, limits=LIMITS)
    yield running
    assert await eventually(lambda: len(running.observed.requests) == 1)
    [record] = running.observed.requests
    assert (record.outcome, record.status) == (Outcome.OK, 200)
    assert running.logged == []


async def test_a_page_rendered_at_once(preact: Running) -> None:
    page = await preact.fetch("/?item=second&item=%3Cb%3E")
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    text = await page.text()
    assert text.startswith('<!DOCTYPE html><h1 style="color:red;font-size:12px;">Items &amp; more')
    assert text.index("&lt;b>") < text.index("second")
    assert '<li data-open="true" class="dark">' in text


async def test_a_page_that_waits_for_what_it_loads(preact: Running) -> None:
    text = await preact.text("/async?item=one")
    assert "<p>after 20 ms</p>" in text
    assert "loading" not in text


async def test_a_page_that_is_streamed(preact: Running) -> None:
    page = await preact.fetch("/stream?item=one")
    pieces = [piece.decode() async for piece in page]
    text = "".join(pieces)
    assert len(pieces) > 1
    assert text.index("<p>loading</p>") < text.index("<p>after 20 ms</p>")
