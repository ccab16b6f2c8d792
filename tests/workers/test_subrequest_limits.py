"""How many subrequests a request may make, and how many at a time."""

from __future__ import annotations

from pathlib import Path

import pytest
from running import Origin, Run

WORKER = Path(__file__).parent / "limits" / "subrequests.js"


async def test_one_too_many_rejects_and_may_be_caught(run: Run, upstream: Origin) -> None:
    running = await run(WORKER)
    results = await running.json(f"/count?count=52&from={upstream.url}")
    assert results == [200] * 50 + ["Error: Too many subrequests."] * 2
    assert len(upstream.app.seen) == 50


async def test_redirects_count(run: Run, upstream: Origin) -> None:
    running = await run(WORKER, limits={"subrequests": 5})
    assert await running.text(f"/redirects?from={upstream.url}") == "Error: Too many subrequests."
    assert len(upstream.app.seen) == 5


async def test_six_are_open_at_a_time_and_the_others_wait(run: Run, upstream: Origin) -> None:
    running = await run(WORKER)
    texts = await running.json(f"/parallel?count=20&from={upstream.url}")
    assert texts == ["after 50 ms"] * 20
    assert upstream.app.peak == 6


async def test_bodies_that_nobody_reads_are_closed_for_those_that_wait(
    run: Run, upstream: Origin
) -> None:
    running = await run(WORKER, limits={"cpu_ms": 10_000})
    results = await running.json(f"/unread?count=8&from={upstream.url}")
    closed = "TypeError: Response closed due to connection limit"
    assert results == [closed] * 2 + [1_000_000] * 6
    assert sum("A stalled HTTP response was canceled" in line for line in running.logged) == 2


@pytest.mark.parametrize("path", ["/cancelled", "/aborted"])
async def test_what_is_given_up_leaves_its_connection_to_others(
    run: Run, upstream: Origin, path: str
) -> None:
    running = await run(WORKER)
    assert (await running.fetch(f"{path}?count=20&from={upstream.url}")).status == 200
    assert running.logged == []
