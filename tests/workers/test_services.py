"""Workers that call each other by service bindings."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path

import httpx
import pytest

from edgewright import ConfigError
from edgewright.observe.records import Outcome
from edgewright.worker import WorkerException
from tests.support.running import Command, Origin, Run, Running, eventually

Edgewright = Callable[..., Awaitable[Command]]

FRONT = Path(__file__).parent / "services" / "front"
BACK = Path(__file__).parent / "services" / "back"


@pytest.fixture
async def chained(run: Run) -> Running:
    return await run(FRONT, others=[BACK])


async def test_one_answers_for_the_other(chained: Running) -> None:
    response = await chained.worker.fetch("http://w.test/a", headers={"x-from": "client"})
    assert await response.text() == "back: GET /a client"


async def test_each_is_a_request_of_its_own(chained: Running) -> None:
    await chained.text("/a")
    assert [(r.worker, r.subrequests) for r in chained.observed.requests] == [
        ("back", 0),
        ("front", 1),
    ]


@pytest.mark.parametrize("size", [0, 5, 3_000_000])
async def test_bodies_go_there_and_back(chained: Running, size: int) -> None:
    body = b"x" * size
    response = await chained.worker.fetch("http://w.test/echo", method="POST", body=body)
    assert response.status == 201
    assert response.headers["x-method"] == "POST"
    assert await response.bytes() == body


async def test_what_one_throws_the_other_catches(chained: Running) -> None:
    assert await chained.text("/throws") == "caught RangeError: out of the back"


async def test_an_abort_reaches_the_one_behind(chained: Running) -> None:
    assert await chained.text("/abort") == "TimeoutError"
    records = chained.observed.requests
    assert await eventually(lambda: any(r.outcome is Outcome.CANCELED for r in records))
    assert await chained.text("/aborted") == "1"


async def test_sixteen_in_a_row_and_no_more(chained: Running) -> None:
    assert (await chained.text("/loop")).startswith("16: error code: 1019")
    assert len(chained.observed.requests) == 16


async def test_each_has_subrequests_of_its_own(chained: Running, upstream: Origin) -> None:
    """Four times forty: the way past the limit of fifty."""
    assert await chained.text(f"/many?upstream={upstream.url}") == "40,40,40,40"


async def test_a_deadlock_between_two_is_found(chained: Running) -> None:
    with pytest.raises(WorkerException, match="would never generate a response") as caught:
        await chained.text("/deadlock")
    assert caught.value.outcome is Outcome.EXCEPTION
    assert await eventually(lambda: len(chained.observed.requests) == 3)


@pytest.mark.parametrize("hops", [0, 2])
async def test_a_deadlock_over_a_promise_of_the_first_is_found(chained: Running, hops: int) -> None:
    for _ in range(2):  # promises are watched from the first one on
        with pytest.raises(WorkerException, match="would never generate a response"):
            await chained.text(f"/deadlock-shared?hops={hops}")


async def test_what_a_binding_is(chained: Running) -> None:
    response = await chained.worker.fetch("http://w.test/kind")
    assert await response.json() == {
        "name": "Fetcher",
        "keys": ["BACK", "SELF"],
        "illegal": "Illegal constructor",
    }


async def test_a_binding_that_leads_nowhere_stops_the_start(run: Run) -> None:
    with pytest.raises(ConfigError, match='BACK leads to the Worker "back", which is not served'):
        await run(FRONT)


async def test_names_differ(run: Run) -> None:
    with pytest.raises(ConfigError, match='two Workers named "back"'):
        await run(BACK, others=[BACK])


async def test_the_command_serves_several(edgewright: Edgewright) -> None:
    command = await edgewright("serve", FRONT, BACK)
    async with httpx.AsyncClient(timeout=60) as client:
        assert (await client.get(f"{command.url}/a")).text == "back: GET /a null"
