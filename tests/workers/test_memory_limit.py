"""Workers that hold more memory than they may: their isolate is replaced."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from running import Run

from edgewright import Outcome, WorkerException

FOLDER = Path(__file__).parent / "limits"
PLENTY = {"cpu_ms": 60_000}


@pytest.mark.parametrize("name", ["hungry_heap", "hungry_sum"])
async def test_too_much_memory_ends_the_isolate(run: Run, name: str) -> None:
    running = await run(FOLDER / f"{name}.js", limits=PLENTY)
    assert await running.text("/count") == "1"
    neighbour = asyncio.create_task(running.text("/neighbour"))
    await asyncio.sleep(0.05)
    with pytest.raises(WorkerException, match="memory limit") as caught:
        await running.fetch("/hungry")
    assert caught.value.outcome is Outcome.EXCEEDED_MEMORY
    if name == "hungry_heap":
        with pytest.raises(WorkerException, match="memory limit"):
            await neighbour
    await asyncio.gather(neighbour, return_exceptions=True)
    assert await running.text("/count") == "1"


@pytest.mark.parametrize("how", ["instances", "instantiated", "memories", "shared", "buffers"])
async def test_the_memories_of_web_assembly_count(run: Run, how: str) -> None:
    running = await run(FOLDER / "hungry_wasm.js", limits=PLENTY)
    assert await running.text("/count") == "1"
    with pytest.raises(WorkerException, match="memory limit") as caught:
        await running.fetch(f"/{how}")
    assert caught.value.outcome is Outcome.EXCEEDED_MEMORY
    assert await running.text("/count") == "1"


async def test_memories_that_were_let_go_do_not_count(run: Run) -> None:
    running = await run(FOLDER / "hungry_wasm.js", limits=PLENTY)
    for _ in range(2):
        await running.json("/dropped")
    assert {record.outcome for record in running.observed.requests} == {Outcome.OK}


async def test_nobody_sees_that_they_are_counted(run: Run) -> None:
    running = await run(FOLDER / "hungry_wasm.js", limits=PLENTY)
    assert await running.json("/") == {
        "imports": [],
        "exports": ["grow", "touch"],
        "constructors": [True, True, 131072, "Memory11"],
    }


async def test_a_request_that_had_not_begun_is_moved(run: Run) -> None:
    running = await run(FOLDER / "hungry_heap.js", limits=PLENTY)
    assert await running.text("/count") == "1"
    hungry = asyncio.create_task(running.fetch("/hungry"))
    await asyncio.sleep(0.02)
    moved = [asyncio.create_task(running.text("/count", method="POST", body=b"x"))]
    moved += [asyncio.create_task(running.text("/neighbour"))]
    with pytest.raises(WorkerException):
        await hungry
    assert await asyncio.gather(*moved) == ["1", "fine"]


async def test_garbage_does_not_count(run: Run) -> None:
    running = await run(FOLDER / "garbage.js", limits=PLENTY)
    assert await running.text("/garbage") == "true"


async def test_less_than_the_platform_gives_can_be_said(run: Run) -> None:
    running = await run(FOLDER / "hungry_sum.js", limits={**PLENTY, "memory_mb": 40})
    with pytest.raises(WorkerException, match="memory limit"):
        await running.fetch("/hungry")
