"""How long a request lives: until its response and all of waitUntil() are done."""

from __future__ import annotations

import asyncio
from pathlib import Path

import httpx
import pytest
from running import Origin, Run, Serve, eventually

from edgewright import Outcome

WORKER = Path(__file__).parent / "lifetime.js"


async def test_wait_until_goes_on_after_the_response(run: Run) -> None:
    running = await run(WORKER)
    assert await running.text("/wait") == "early"
    assert running.logged == []
    assert running.observed.requests == []
    assert await running.worker.drain()
    assert running.logged == ["after the response"]
    assert running.observed.requests[0].wall_ms >= 50


async def test_wait_until_may_make_subrequests(run: Run, upstream: Origin) -> None:
    running = await run(WORKER)
    assert await running.text(f"/wait-and-fetch?url={upstream.url}/late") == "early"
    assert await running.worker.drain()
    assert running.logged == ["origin /late"]


async def test_wait_until_may_be_called_again_later(run: Run) -> None:
    running = await run(WORKER)
    await running.fetch("/chain")
    assert await running.worker.drain()
    assert running.logged == ["first", "second"]


async def test_what_wait_until_throws_is_logged_and_hurts_nobody(run: Run) -> None:
    running = await run(WORKER)
    assert await running.text("/wait-fails") == "fine"
    assert await running.worker.drain()
    (line,) = running.observed.lines
    assert line.level == "error"
    assert "Error: nobody waits for me" in line.message
    assert "lifetime.js:" in line.message


async def test_what_floats_is_given_up_with_the_request(run: Run) -> None:
    running = await run(WORKER)
    assert await running.text("/floating") == "fine"
    await running.text("/timer-throws")  # goes on for longer than the timer would have taken
    assert not any("must not be heard" in message for message in running.logged)


async def test_an_unhandled_rejection_is_logged_and_hurts_nobody(run: Run) -> None:
    running = await run(WORKER)
    assert await running.text("/rejects") == "fine"
    assert await running.text("/rejects") == "fine"
    assert await eventually(lambda: len(running.logged) == 2)
    assert all("TypeError: floating rejection" in message for message in running.logged)


async def test_what_a_timer_throws_is_logged(run: Run) -> None:
    running = await run(WORKER)
    assert await running.text("/timer-throws") == "fine"
    assert "Error: thrown by a timer" in running.logged[0]


async def test_a_handler_that_never_answers_ends_with_its_client(run: Run) -> None:
    running = await run(WORKER)
    asking = asyncio.create_task(running.fetch("/never"))
    await asyncio.sleep(0.05)
    asking.cancel()
    assert await running.worker.drain(5)
    assert running.observed.requests[0].outcome is Outcome.CANCELED


@pytest.mark.parametrize("body", [None, b"small", b"x" * 100_000])
async def test_pass_through_goes_to_the_origin(
    run: Run, http: Serve, upstream: Origin, body: bytes | None
) -> None:
    running = await run(WORKER, upstream=upstream.url)
    url = await http(running.worker.asgi())
    async with httpx.AsyncClient(timeout=60) as client:
        response = await client.request(
            "GET" if body is None else "POST", f"{url}/pass?a=%2F", content=body
        )
    assert (response.status_code, response.text) == (200, "origin /pass?a=%2F")
    assert response.headers["x-origin"] == "yes"
    assert upstream.app.seen[0].body == (body or b"")
    # The Worker failed all the same.
    assert running.observed.requests[0].outcome is Outcome.EXCEPTION


async def test_pass_through_of_a_body_that_was_read_is_not_possible(
    run: Run, http: Serve, upstream: Origin
) -> None:
    running = await run(WORKER, upstream=upstream.url)
    url = await http(running.worker.asgi())
    async with httpx.AsyncClient(timeout=60) as client:
        response = await client.post(f"{url}/pass?read=1", content=b"x" * 100_000)
    assert response.status_code == 500
    assert upstream.app.seen == []


async def test_pass_through_without_an_origin_is_an_error_page(run: Run, http: Serve) -> None:
    running = await run(WORKER)
    url = await http(running.worker.asgi())
    async with httpx.AsyncClient(timeout=60) as client:
        response = await client.get(f"{url}/pass")
    assert (response.status_code, response.text) == (500, "error code: 1101")


async def test_pass_through_to_itself_ends(run: Run, http: Serve) -> None:
    apps: list[object] = []

    async def app(scope, receive, send) -> None:  # noqa: ANN001
        await apps[0](scope, receive, send)  # type: ignore[operator]

    url = await http(app)
    running = await run(WORKER, upstream=url)
    apps.append(running.worker.asgi())
    async with httpx.AsyncClient(timeout=60) as client:
        assert (await client.get(f"{url}/pass")).status_code == 500
    assert len(running.observed.requests) == 2
