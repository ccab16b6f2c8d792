"""A process that dies: who pays, who does not notice, and how it is kept from happening again."""

from __future__ import annotations

import asyncio
import os
import signal
from pathlib import Path

import httpx
import pytest

from edgewright.observe.records import Outcome
from edgewright.worker import WorkerException
from tests.support.running import Origin, Run, Running, Serve, below, eventually

WORKER = Path(__file__).parent / "crashes.js"
LIMITS = {"cpu_ms": 60_000}


async def begun(running: Running, count: int) -> None:
    """Waits until so many requests are under way."""
    node = running.worker._node  # pyright: ignore[reportPrivateUsage]
    isolates = node._isolates.running  # pyright: ignore[reportPrivateUsage]

    def requests() -> int:
        return sum(
            len(isolate._requests)  # pyright: ignore[reportPrivateUsage]
            - len(isolate._channel.unsent)  # pyright: ignore[reportPrivateUsage]
            for isolate in isolates
        )

    assert await eventually(lambda: requests() >= count)


def kill_hosts() -> None:
    for pid in below(os.getpid()):
        os.kill(pid, signal.SIGKILL)


async def test_bystanders_do_not_notice(run: Run) -> None:
    running = await run(WORKER, limits=LIMITS)
    waiting = [asyncio.create_task(running.text("/wait?ms=300")) for _ in range(5)]
    await begun(running, 5)
    kill_hosts()
    assert await asyncio.gather(*waiting) == ["waited "] * 5
    assert {record.outcome for record in running.observed.requests} == {Outcome.OK}


async def test_the_one_that_was_running_pays(run: Run) -> None:
    running = await run(WORKER, limits=LIMITS)
    waiting = asyncio.create_task(running.text("/wait?ms=300"))
    await begun(running, 1)
    guilty = asyncio.create_task(running.text("/spin"))
    await begun(running, 2)
    kill_hosts()
    with pytest.raises(WorkerException) as caught:
        await guilty
    assert caught.value.outcome is Outcome.EXCEEDED_MEMORY
    assert await waiting == "waited "


async def test_what_arrived_meanwhile_is_answered(run: Run) -> None:
    running = await run(WORKER, limits=LIMITS)
    await running.text("/")
    guilty = asyncio.create_task(running.text("/spin"))
    await begun(running, 1)
    late = asyncio.create_task(running.text("/"))
    await asyncio.sleep(0.05)
    kill_hosts()
    assert await late == "1"
    with pytest.raises(WorkerException):
        await guilty


async def test_nothing_that_must_not_be_repeated_is_repeated(run: Run, upstream: Origin) -> None:
    running = await run(WORKER, limits=LIMITS)
    post = asyncio.create_task(running.fetch("/wait?ms=300", method="POST", body="x"))
    posts = asyncio.create_task(running.text(f"/posts?ms=300&to={upstream.url}/echo"))
    await begun(running, 2)
    await asyncio.sleep(0.1)
    kill_hosts()
    for task in (post, posts):
        with pytest.raises(WorkerException) as caught:
            await task
        assert caught.value.outcome is Outcome.INTERNAL_ERROR


async def test_a_response_that_has_begun_breaks_off(run: Run, http: Serve) -> None:
    running = await run(WORKER, limits=LIMITS)
    url = await http(running.worker.asgi())
    async with (
        httpx.AsyncClient(timeout=30) as client,
        client.stream("GET", f"{url}/stream?ms=5000") as response,
    ):
        pieces = response.aiter_bytes()
        assert await anext(pieces) == b"begun"
        kill_hosts()
        with pytest.raises(httpx.RemoteProtocolError):
            await anext(pieces)


async def test_one_that_does_it_again_and_again_is_made_to_wait(run: Run, http: Serve) -> None:
    running = await run(WORKER, limits=LIMITS)
    url = await http(running.worker.asgi())
    async with httpx.AsyncClient(timeout=30) as client:
        for _ in range(4):
            guilty = asyncio.create_task(client.get(f"{url}/spin"))
            await begun(running, 1)
            kill_hosts()
            assert (await guilty).status_code == 503
        response = await client.get(url)
        assert response.status_code == 503
        assert int(response.headers["retry-after"]) > 0
        assert running.observed.requests[-1].outcome is Outcome.LOAD_SHED
        for _ in range(200):
            response = await client.get(url)
            if response.status_code == 200:
                break
            await asyncio.sleep(0.1)
        assert response.text == "1"


async def test_a_loop_that_nothing_interrupts_costs_its_process_and_nobody_else(run: Run) -> None:
    running = await run(WORKER)
    waiting = asyncio.create_task(running.text("/wait?ms=1000"))
    await begun(running, 1)
    with pytest.raises(WorkerException) as caught:
        await running.text("/abort")
    assert caught.value.outcome in (Outcome.EXCEEDED_CPU, Outcome.EXCEEDED_MEMORY)
    assert await waiting == "waited "
