"""Workers that go too far: they fail alone, and the next request is served."""

from __future__ import annotations

import asyncio
import os
import signal
from pathlib import Path

import httpx
import pytest
from running import Run, Serve, below

from edgewright import Outcome, WorkerException

WORKER = Path(__file__).parent / "limits.js"


async def test_a_runaway_fails_alone(run: Run, http: Serve) -> None:
    running = await run(WORKER)
    url = await http(running.worker.asgi())
    assert await running.text() == "1"
    async with httpx.AsyncClient(timeout=30) as client:
        spinning = asyncio.create_task(client.get(f"{url}/spin"))
        neighbours = [asyncio.create_task(running.text("/wait")) for _ in range(3)]
        response = await spinning
        assert (response.status_code, response.text) == (503, "error code: 1102")
    assert await asyncio.gather(*neighbours) == ["waited"] * 3
    assert await running.text() == "2"  # the same isolate
    outcomes = [record.outcome for record in running.observed.requests]
    assert outcomes.count(Outcome.EXCEEDED_CPU) == 1


async def test_an_isolate_out_of_memory_is_replaced(run: Run, http: Serve) -> None:
    running = await run(WORKER, limits={"cpu_ms": 10_000})
    url = await http(running.worker.asgi())
    assert await running.text() == "1"
    async with httpx.AsyncClient(timeout=30) as client:
        neighbour = asyncio.create_task(client.get(f"{url}/wait"))
        await asyncio.sleep(0.05)
        response = await client.get(f"{url}/memory")
        assert (response.status_code, response.text) == (503, "error code: 1102")
        assert (await neighbour).status_code == 503  # they lived together
        outcomes = [record.outcome for record in running.observed.requests]
        assert outcomes.count(Outcome.EXCEEDED_MEMORY) == 2
        assert (await client.get(url)).text == "1"  # a new isolate
        assert (await client.get(url)).text == "2"


async def test_a_host_that_dies_is_replaced(run: Run, http: Serve) -> None:
    running = await run(WORKER)
    url = await http(running.worker.asgi())
    assert await running.text() == "1"
    async with httpx.AsyncClient(timeout=30) as client:
        waiting = asyncio.create_task(client.post(f"{url}/wait"))
        await asyncio.sleep(0.05)
        for pid in below(os.getpid()):
            os.kill(pid, signal.SIGKILL)
        assert (await waiting).status_code == 500
        assert (await client.get(url)).text == "1"
    assert running.observed.requests[1].outcome is Outcome.INTERNAL_ERROR


@pytest.mark.slow
async def test_what_makes_v8_end_its_process_ends_no_more(run: Run, http: Serve) -> None:
    running = await run(WORKER)
    url = await http(running.worker.asgi())
    async with httpx.AsyncClient(timeout=60) as client:
        # 503 where the time is up before V8 gives up.
        assert (await client.get(f"{url}/abort")).status_code in (500, 503)
        assert (await client.get(url)).text == "1"


async def test_the_python_api_tells_which_limit_it_was(run: Run) -> None:
    running = await run(WORKER, limits={"cpu_ms": 10_000})
    with pytest.raises(WorkerException) as caught:
        await running.fetch("/memory")
    assert caught.value.outcome is Outcome.EXCEEDED_MEMORY
    assert await running.text() == "1"
