"""Workers that wait for each other, by way of methods: found at once, and not by the wall limit."""

from __future__ import annotations

from pathlib import Path

import pytest

from edgewright import WorkerException
from edgewright.observe.records import Outcome
from tests.support.running import Run, Running, eventually

HERE = Path(__file__).parent / "rpc_deadlock"
HUNG = "had hung and would never generate a response"


@pytest.fixture
async def front(run: Run) -> Running:
    return await run(HERE / "front", others=[HERE / "back"])


@pytest.mark.parametrize("way", ["calls", "fetches", "hops"])
async def test_a_deadlock_over_a_promise_of_the_first_is_found(front: Running, way: str) -> None:
    for _ in range(2):  # promises are watched from the first one on
        with pytest.raises(WorkerException, match=HUNG) as caught:
            await front.text(f"/{way}")
        assert caught.value.outcome is Outcome.EXCEPTION


async def test_the_one_that_waits_is_told_of_and_all_others_fail_by_it(front: Running) -> None:
    with pytest.raises(WorkerException, match=HUNG):
        await front.text("/calls")
    assert await eventually(lambda: len(front.observed.requests) == 3)
    assert {record.outcome for record in front.observed.requests} == {Outcome.EXCEPTION}


async def test_a_call_back_that_is_answered_is_no_deadlock(front: Running) -> None:
    assert await front.text("/answered") == "released"
