"""What is given up: by the Worker, or because its client has left."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import httpx
import pytest
from running import Origin, Run, Serve, eventually

from edgewright import Outcome

WORKER = Path(__file__).parent / "aborts.js"


@pytest.mark.parametrize(
    ("path", "answer"),
    [
        ("/timeout", "TimeoutError"),
        ("/any", "RangeError"),
        ("/before", "AbortError"),
        ("/while-reading", "AbortError"),
    ],
)
async def test_signals_abort_fetch(run: Run, upstream: Origin, path: str, answer: str) -> None:
    running = await run(WORKER)
    got: dict[str, Any] = await running.json(f"{path}?upstream={upstream.url}")
    assert got.get("name") == answer, got
    if path == "/before":
        assert upstream.app.seen == []
    else:
        assert await eventually(lambda: upstream.app.left == 1), "the upstream never noticed"


@pytest.mark.parametrize("path", ["/cancel-body", "/unread"])
async def test_bodies_that_nobody_reads_are_given_up(run: Run, upstream: Origin, path: str) -> None:
    running = await run(WORKER)
    await running.text(f"{path}?upstream={upstream.url}")
    assert await eventually(lambda: upstream.app.open == 0)


async def leave(url: str, *, after: float) -> None:
    """Asks and goes away."""
    async with httpx.AsyncClient(timeout=60) as client:
        with pytest.raises(httpx.ReadTimeout):
            await client.get(url, timeout=httpx.Timeout(5, read=after))


async def test_a_client_that_leaves_fires_the_signal_and_ends_subrequests(
    run: Run, http: Serve, upstream: Origin
) -> None:
    running = await run(WORKER)
    url = await http(running.worker.asgi())
    await leave(f"{url}/client?upstream={upstream.url}", after=0.2)
    assert await eventually(lambda: upstream.app.left == 1)
    assert await running.worker.drain(5)
    assert running.logged == ["signal: AbortError"]
    (record,) = running.observed.requests
    assert (record.outcome, record.status, record.error) == (Outcome.CANCELED, 0, None)


async def test_wait_until_outlives_the_client(run: Run, http: Serve, upstream: Origin) -> None:
    running = await run(WORKER)
    url = await http(running.worker.asgi())
    await leave(f"{url}/client-wait?upstream={upstream.url}", after=0.1)
    assert await eventually(lambda: running.logged == ["after 200 ms"])
    assert await running.worker.drain(5)
    assert await eventually(lambda: upstream.app.open == 0)


@pytest.mark.parametrize("path", ["/stream", "/stream-upstream"])
async def test_a_client_that_leaves_in_the_middle_of_a_stream(
    run: Run, http: Serve, upstream: Origin, path: str
) -> None:
    running = await run(WORKER)
    url = await http(running.worker.asgi())
    async with (
        httpx.AsyncClient(timeout=60) as client,
        client.stream("GET", f"{url}{path}?upstream={upstream.url}") as response,
    ):
        async for text in response.aiter_text():
            assert text.startswith("tick\n")
            break
    assert await running.worker.drain(5)
    assert await eventually(lambda: upstream.app.open == 0)
    (record,) = running.observed.requests
    if path == "/stream-upstream":
        assert record.outcome is Outcome.OK  # the Worker had done its part by then
    else:
        assert record.outcome is Outcome.RESPONSE_STREAM_DISCONNECTED
        assert running.logged == ["stream cancelled"]


async def test_cancelling_the_python_apis_fetch_is_leaving(run: Run, upstream: Origin) -> None:
    running = await run(WORKER)
    asking = asyncio.create_task(running.fetch(f"/client?upstream={upstream.url}"))
    assert await eventually(lambda: upstream.app.open == 1)
    asking.cancel()
    assert await eventually(lambda: upstream.app.left == 1)
    assert await running.worker.drain(5)
    assert running.logged == ["signal: AbortError"]
