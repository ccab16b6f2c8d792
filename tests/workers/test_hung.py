"""Requests for which nothing can happen any more are ended at once."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from running import Run, Running

from edgewright import Outcome, WorkerException

WORKER = Path(__file__).parent / "limits" / "hung.js"
HUNG = "had hung and would never generate a response"


@pytest.fixture
async def hung(run: Run) -> Running:
    return await run(WORKER)


@pytest.mark.parametrize("path", ["/never", "/after-io", "/cleared", "/other"])
async def test_a_handler_that_can_never_answer_fails_at_once(hung: Running, path: str) -> None:
    with pytest.raises(WorkerException, match=HUNG) as caught:
        await asyncio.wait_for(hung.fetch(path), 25)
    assert caught.value.outcome is Outcome.EXCEPTION
    assert await hung.worker.drain(25)
    assert hung.observed.requests[0].status == 500


async def test_a_hung_wait_until_ends_its_request(hung: Running) -> None:
    assert await hung.text("/wait-until") == "answered"
    assert await hung.worker.drain(25)
    assert "waitUntil() will never settle" in hung.logged[0]
    assert hung.observed.requests[0].outcome is Outcome.OK


async def test_a_response_that_never_ends_breaks_off(hung: Running) -> None:
    response = await hung.fetch("/stream")
    with pytest.raises(Exception, match=HUNG):
        await response.bytes()
    assert await hung.worker.drain(25)
    assert hung.observed.requests[0].outcome is Outcome.EXCEPTION


@pytest.mark.parametrize(
    ("path", "answer"),
    [
        ("/imports", "function"),
        ("/compiles", "[object WebAssembly.Instance]"),
        ("/timer", "waited"),
    ],
)
async def test_what_is_still_to_come_keeps_a_request_alive(
    hung: Running, path: str, answer: str
) -> None:
    assert await hung.text(path) == answer


async def test_an_import_that_never_ends_is_given_up_by_the_clock(run: Run) -> None:
    running = await run(WORKER, limits={"wall_ms": 500})
    with pytest.raises(WorkerException) as caught:
        await running.fetch("/import")
    assert caught.value.outcome is Outcome.EXCEEDED_WALL_TIME


async def test_a_request_that_waits_for_its_body_is_alive(hung: Running) -> None:
    assert await hung.text("/body", method="POST", body=b"x" * 100_000) == "x" * 100_000


async def test_a_request_that_waits_for_its_clients_leaving_is_alive(hung: Running) -> None:
    asking = asyncio.create_task(hung.fetch("/signal"))
    await asyncio.sleep(0.2)
    assert not asking.done()
    asking.cancel()
    assert await hung.worker.drain(25)
    assert hung.observed.requests[0].outcome is Outcome.CANCELED


async def test_the_neighbour_of_a_hung_request_goes_on(hung: Running) -> None:
    neighbour = asyncio.create_task(hung.text("/neighbour"))
    with pytest.raises(WorkerException, match=HUNG):
        await hung.fetch("/never")
    assert await neighbour == "fine"


@pytest.mark.parametrize(
    ("path", "places"),
    [
        ("/never", ["hung.js:11:14"]),
        ("/after-io", ["hung.js:14:13"]),
        ("/nested", ["hung.js:70:9", "hung.js:65:9", "hung.js:31:21"]),
    ],
)
async def test_where_it_waits_is_told_when_promises_are_watched(
    run: Run, path: str, places: list[str]
) -> None:
    running = await run(WORKER, watch_promises=True)
    with pytest.raises(WorkerException, match=HUNG) as caught:
        await running.fetch(path)
    frames = caught.value.stack.splitlines()[1:]
    assert [frame.rpartition("worker:/")[2].strip(")") for frame in frames][: len(places)] == places


async def test_where_a_wait_until_waits_is_told_as_well(run: Run) -> None:
    running = await run(WORKER, watch_promises=True)
    assert await running.text("/wait-until") == "answered"
    assert await running.worker.drain(25)
    assert "worker:/hung.js:17:" in running.logged[0]
