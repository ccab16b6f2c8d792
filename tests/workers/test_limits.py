"""Workers that go too far: they fail alone, and the next request is served."""

from __future__ import annotations

import asyncio
from pathlib import Path

import httpx
import pytest
from running import Run, Serve

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


@pytest.mark.parametrize("path", ["/memory", "/abort"])
async def test_an_isolate_that_is_lost_is_replaced(run: Run, http: Serve, path: str) -> None:
    running = await run(WORKER)
    url = await http(running.worker.asgi())
    assert await running.text() == "1"
    async with httpx.AsyncClient(timeout=30) as client:
        neighbour = asyncio.create_task(client.get(f"{url}/wait"))
        await asyncio.sleep(0.05)
        response = await client.get(f"{url}{path}")
        if path == "/memory":
            assert (response.status_code, response.text) == (503, "error code: 1102")
            outcomes = [record.outcome for record in running.observed.requests]
            assert outcomes.count(Outcome.EXCEEDED_MEMORY) == 2
        else:
            assert response.status_code == 500
        assert (await neighbour).status_code == response.status_code  # they lived together
        assert (await client.get(url)).text == "1"  # a new isolate
        assert (await client.get(url)).text == "2"


async def test_the_python_api_tells_which_limit_it_was(run: Run) -> None:
    running = await run(WORKER)
    with pytest.raises(WorkerException) as caught:
        await running.fetch("/memory")
    assert caught.value.outcome is Outcome.EXCEEDED_MEMORY
    assert await running.text() == "1"
