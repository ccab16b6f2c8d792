"""Subrequests of one request, all at once."""

from __future__ import annotations

import asyncio
from pathlib import Path

from running import Origin, Run

WORKER = Path(__file__).parent / "fan_out.js"


async def test_as_slow_as_the_slowest_not_as_the_sum(run: Run, upstream: Origin) -> None:
    running = await run(WORKER, limits={"connections": 10})
    for _ in range(50):  # the machine may be busy: once is enough
        answer = await running.json(f"/staggered?count=10&upstream={upstream.url}")
        assert answer["texts"] == [f"after {50 + i * 10} ms" for i in range(10)]
        assert answer["ms"] >= 130
        if answer["ms"] < 900:
            break
    assert answer["ms"] < 900  # one after the other it would be 950


async def test_sixty_are_on_the_way_at_once(run: Run, upstream: Origin) -> None:
    running = await run(WORKER, limits={"subrequests": 60, "connections": 60})
    assert await running.text(f"/?count=60&upstream={upstream.url}") == "60"
    assert upstream.app.peak == 60
    assert running.observed.requests[0].subrequests == 60


async def test_requests_interleave_in_one_isolate(run: Run, upstream: Origin) -> None:
    running = await run(WORKER)
    path = f"/?count=5&upstream={upstream.url}"
    assert await asyncio.gather(*(running.text(path) for _ in range(10))) == ["5"] * 10
    assert upstream.app.peak > 5
    assert [record.subrequests for record in running.observed.requests] == [5] * 10


async def test_one_that_fails_leaves_the_others_alone(run: Run, upstream: Origin) -> None:
    running = await run(WORKER)
    answers = await running.json(f"/failing?upstream={upstream.url}")
    assert answers[0] == 200
    assert all(isinstance(answer, str) for answer in answers[1:])
    assert answers[1].startswith("TypeError: Network connection lost")
    assert answers[2].startswith("TypeError: ")
    assert answers[3].startswith("TypeError: ")
