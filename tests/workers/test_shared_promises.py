"""Requests that wait for promises of others: as long as those live, and no longer."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from running import Run, Running

from edgewright import Outcome, WorkerException

WORKER = Path(__file__).parent / "limits" / "shared_promises.js"
HUNG = "had hung and would never generate a response"


@pytest.fixture(params=[False, True], ids=["found out later", "watched from the start"])
async def shared(run: Run, request: pytest.FixtureRequest) -> Running:
    return await run(WORKER, watch_promises=request.param)


async def begin(running: Running, path: str) -> asyncio.Task[str]:
    """A request that has begun."""
    task = asyncio.create_task(running.text(path))
    assert await running.text("/") == "fine"
    return task


@pytest.mark.parametrize("path", ["/share", "/share-all", "/share-returned"])
async def test_the_promise_of_a_request_that_lives_is_waited_for(
    shared: Running, path: str
) -> None:
    for _ in range(2):
        holding = await begin(shared, "/hold")
        sharing = [asyncio.create_task(shared.text(path)) for _ in range(3)]
        assert await asyncio.gather(*sharing) == ["held"] * 3
        assert await holding == "held"
    assert await shared.worker.drain(25)
    assert {record.outcome for record in shared.observed.requests} == {Outcome.OK}


async def test_what_its_request_leaves_pending_fails_with_its_end(run: Run) -> None:
    running = await run(WORKER, watch_promises=True)
    dropping = await begin(running, "/drop")
    with pytest.raises(WorkerException, match="created by a request that has since ended"):
        await running.text("/share")
    assert await dropping == "dropped"
    assert await running.worker.drain(25)


async def test_a_request_may_wait_for_what_was_made_before_anybody_watched(run: Run) -> None:
    running = await run(WORKER)
    dropping = await begin(running, "/drop")
    with pytest.raises(WorkerException, match=HUNG):
        await running.text("/share")
    assert dropping.done()  # it lived as long as that one did


async def test_a_promise_of_its_own_makes_it_hang_whoever_could_resolve_it(run: Run) -> None:
    running = await run(WORKER, watch_promises=True)
    resolving = asyncio.create_task(running.text("/resolve-own"))
    with pytest.raises(WorkerException, match=HUNG):
        await running.text("/own")
    assert not resolving.done()  # it was found at once
    assert await resolving == "did"


async def test_two_that_wait_for_each_other_end(shared: Running) -> None:
    left = await begin(shared, "/left")
    right = asyncio.create_task(shared.text("/right"))
    ends = await asyncio.wait_for(asyncio.gather(left, right, return_exceptions=True), 25)
    assert all(isinstance(end, WorkerException) for end in ends)
    assert await shared.worker.drain(25)
