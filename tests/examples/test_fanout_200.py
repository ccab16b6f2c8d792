"""examples/fanout-200 does what its README says."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from running import eventually

from edgewright import Recorder, Worker
from examples import example_of


@pytest.fixture
async def observed() -> Recorder:
    return Recorder()


@pytest.fixture
async def front(tmp_path: Path, observed: Recorder) -> AsyncIterator[Worker]:
    """The example with its upstream on a free port."""
    async with example_of("fanout-200", tmp_path) as example:
        others = [example.folder / "part"]
        async with Worker(example.folder / "front", others=others, observer=observed) as worker:
            yield worker


async def test_four_chained_workers_make_200_calls(front: Worker, observed: Recorder) -> None:
    answer = await (await front.fetch("http://shop.test/")).json()
    answer.pop("ms")
    assert answer == {"prices": 200, "total": sum(range(100, 300)), "failed": 0}
    assert await eventually(lambda: len(observed.requests) == 5)
    assert sorted(record.subrequests for record in observed.requests) == [4, 50, 50, 50, 50]


async def test_one_alone_is_stopped_at_50(front: Worker) -> None:
    answer = await (await front.fetch("http://shop.test/alone")).json()
    assert (answer["prices"], answer["failed"]) == (50, 150)
    assert answer["why"] == "Too many subrequests."
