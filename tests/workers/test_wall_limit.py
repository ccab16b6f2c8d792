"""Workers that take too long on the clock."""

from __future__ import annotations

import asyncio
from pathlib import Path

import httpx
import pytest
from running import Run, Serve

from edgewright import Outcome, WorkerException

WORKER = Path(__file__).parent / "limits" / "late.js"


@pytest.mark.parametrize("path", ["/response", "/catches-all"])
async def test_a_response_must_begin_in_time(run: Run, path: str) -> None:
    running = await run(WORKER, limits={"wall_ms": 300})
    with pytest.raises(WorkerException, match="wall time") as caught:
        await running.fetch(path)
    assert caught.value.outcome is Outcome.EXCEEDED_WALL_TIME
    assert await running.worker.drain(5)
    assert running.observed.requests[0].wall_ms >= 300


async def test_the_client_gets_the_page_of_exceeded_limits(run: Run, http: Serve) -> None:
    running = await run(WORKER, limits={"wall_ms": 100})
    url = await http(running.worker.asgi())
    async with httpx.AsyncClient(timeout=30) as client:
        response = await client.get(f"{url}/response")
    assert (response.status_code, response.text) == (503, "error code: 1102")


async def test_wait_until_is_given_up_in_time(run: Run) -> None:
    running = await run(WORKER, limits={"wait_until_ms": 200})
    neighbour = asyncio.create_task(running.text("/neighbour"))
    assert await running.text("/wait-until") == "answered"
    assert await running.worker.drain(10)
    assert any("waitUntil() tasks did not complete" in line for line in running.logged)
    assert await neighbour == "fine"


async def test_a_response_may_take_longer_than_that(run: Run) -> None:
    running = await run(WORKER, limits={"wait_until_ms": 200, "wall_ms": 5000})
    assert await running.text("/slow-stream") == "xxxx"
