"""examples/lost-updates does what its README says."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from edgewright import Worker

EXAMPLE = Path(__file__).parents[2] / "examples" / "lost-updates"
VOTES = 100


@pytest.fixture
async def workers(tmp_path: Path) -> AsyncIterator[list[Worker]]:
    """Two nodes with one state, as the gateways of `serve` are."""
    async with Worker(EXAMPLE, state=tmp_path) as one, Worker(EXAMPLE, state=tmp_path) as other:
        yield [one, other]


async def vote(workers: list[Worker], path: str) -> list[str]:
    """What each counts after votes that were given all at once."""
    votes = [workers[n % 2].fetch(f"http://votes.test{path}", method="POST") for n in range(VOTES)]
    assert {response.status for response in await asyncio.gather(*votes)} == {200}
    return [await (await worker.fetch(f"http://votes.test{path}")).text() for worker in workers]


async def test_a_value_that_is_read_changed_and_written_back_loses_updates(
    workers: list[Worker],
) -> None:
    one, other = await vote(workers, "/wrong")
    assert one == other
    assert 1 <= int(one) < VOTES


async def test_a_key_for_each_vote_loses_none(workers: list[Worker]) -> None:
    assert await vote(workers, "/right") == [str(VOTES)] * 2


async def test_the_total_may_be_of_more_than_one_page(workers: list[Worker]) -> None:
    for _ in range(11):
        counted = await vote(workers, "/right")
    assert counted == [str(11 * VOTES)] * 2
