"""Workers that use more CPU time than they may: each ends alone, and its neighbour finishes."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from running import Run, Running

from edgewright import Outcome, WorkerException

FOLDER = Path(__file__).parent / "limits"
SPINS = sorted(path.stem for path in FOLDER.glob("spin_*.js") if path.stem != "spin_stream")


async def neighbours(running: Running, count: int = 3) -> list[asyncio.Task[str]]:
    """Requests that have begun in the same isolate."""
    assert await running.text("/count") == "1"
    tasks = [asyncio.create_task(running.text("/neighbour")) for _ in range(count)]
    await asyncio.sleep(0.05)
    return tasks


@pytest.mark.parametrize("name", SPINS)
async def test_a_spin_ends_alone(run: Run, name: str) -> None:
    running = await run(FOLDER / f"{name}.js")
    waiting = await neighbours(running)
    with pytest.raises(WorkerException, match="CPU time limit") as caught:
        await running.fetch("/spin")
    assert caught.value.outcome is Outcome.EXCEEDED_CPU
    assert await asyncio.gather(*waiting) == ["fine"] * 3
    assert await running.text("/count") == "2"  # the same isolate
    (record,) = [each for each in running.observed.requests if each.url.endswith("/spin")]
    assert record.outcome is Outcome.EXCEEDED_CPU
    assert record.status == 503
    assert record.cpu_ms >= 25  # by the clock, where the machine is so busy that it ran out first


async def test_many_spins_at_once_end_alone(run: Run) -> None:
    running = await run(FOLDER / "spin_loop.js")
    waiting = await neighbours(running)
    spins = [asyncio.create_task(running.fetch("/spin")) for _ in range(5)]
    outcomes = await asyncio.gather(*spins, return_exceptions=True)
    assert [type(outcome) for outcome in outcomes] == [WorkerException] * 5
    assert await asyncio.gather(*waiting) == ["fine"] * 3
    assert await running.text("/count") == "2"


async def test_a_response_that_spins_breaks_off(run: Run) -> None:
    running = await run(FOLDER / "spin_stream.js")
    waiting = await neighbours(running)
    response = await running.fetch("/spin")
    assert response.status == 200
    with pytest.raises(Exception, match="CPU time limit"):
        await response.bytes()
    assert await asyncio.gather(*waiting) == ["fine"] * 3
    assert await running.worker.drain(5)
    outcomes = [record.outcome for record in running.observed.requests]
    assert outcomes.count(Outcome.EXCEEDED_CPU) == 1
    assert await running.text("/count") == "2"


async def test_the_turns_of_a_request_are_summed_up(run: Run) -> None:
    running = await run(FOLDER / "bit_by_bit.js")
    waiting = await neighbours(running)
    with pytest.raises(WorkerException, match="CPU time limit"):
        await running.fetch("/bits")
    assert await asyncio.gather(*waiting) == ["fine"] * 3
    assert await running.text("/count") == "2"


async def test_more_is_allowed_where_the_configuration_says_so(run: Run) -> None:
    running = await run(FOLDER / "bit_by_bit.js", limits={"cpu_ms": 60_000})
    assert await running.text("/bits") == "too late"
    assert running.observed.requests[0].cpu_ms > 50


async def test_a_spin_after_an_import_takes_its_isolate_along(run: Run) -> None:
    running = await run(FOLDER / "import_spins.js")
    assert await running.text("/count") == "1"
    with pytest.raises(WorkerException) as caught:
        await running.fetch("/spin")
    assert caught.value.outcome is Outcome.EXCEEDED_CPU
    assert await running.text("/count") == "1"


async def test_what_nothing_can_interrupt_takes_its_process_along(run: Run) -> None:
    running = await run(FOLDER / "unstoppable.js")
    assert await running.text("/count") == "1"
    stuck = asyncio.create_task(running.fetch("/spin"))
    await asyncio.sleep(0.2)
    # It can't have begun yet, so that it is moved.
    assert await running.text("/count") == "1"
    with pytest.raises(WorkerException) as caught:
        await stuck
    assert caught.value.outcome is Outcome.EXCEEDED_CPU
