"""Limits of WebSockets: how large a message may be, in each direction, and what it may cost."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from websockets.asyncio.server import ServerConnection, serve

from edgewright.observe.records import Outcome
from tests.support.running import Run, Running, eventually
from tests.workers.test_websockets import Served, closed, serving

SOCKETS = Path(__file__).parent / "sockets"
MIB = 1 << 20


class Upstream:
    """Says something large at once, or hears what it is told."""

    def __init__(self) -> None:
        self.url = ""
        self.codes: list[int | None] = []

    async def __call__(self, client: ServerConnection) -> None:
        assert client.request is not None
        if client.request.path == "/large":
            await client.send(b"x" * (MIB + 1))
        await client.wait_closed()
        self.codes.append(client.close_code)


@pytest.fixture
async def upstream() -> AsyncIterator[Upstream]:
    app = Upstream()
    async with serve(app, "127.0.0.1", 0, compression=None) as running:
        app.url = f"http://127.0.0.1:{next(iter(running.sockets)).getsockname()[1]}"
        yield app


@pytest.fixture
async def limited(run: Run, upstream: Upstream) -> AsyncIterator[Served]:
    running = await run(SOCKETS / "limits.js", env={"HTTP": upstream.url}, limits={"cpu_ms": 100})
    async with serving(running) as served:
        yield served


async def ask(served: Served, size: int, *, text: bool = False) -> str | bytes:
    """What comes when the Worker is to say so much."""
    async with served.connect("says") as client:
        await client.send(json.dumps([size, text]))
        return await client.recv()


async def test_the_largest_message_from_a_worker(limited: Served) -> None:
    assert len(await ask(limited, MIB)) == MIB
    assert await ask(limited, MIB, text=True) == "ü" * (MIB // 2)


@pytest.mark.parametrize("text", [False, True])
async def test_a_worker_can_not_say_more(limited: Served, text: bool) -> None:
    assert await ask(limited, MIB + 2, text=text) == (
        "TypeError: A WebSocket message may have 1048576 bytes at most."
    )


async def test_an_upstream_can_not_say_more(limited: Served, upstream: Upstream) -> None:
    assert await limited.running.json("/hears") == ["Message is too large", 1006]
    assert await eventually(lambda: upstream.codes == [1009])


async def test_what_is_passed_on_is_no_larger(limited: Served, upstream: Upstream) -> None:
    options = {"additional_headers": {"x-path": "large"}}
    async with limited.connect("passes", **options) as client:
        assert await closed(client) == (1009, "Message is too large")
    options = {"additional_headers": {"x-path": "hear"}, "compression": None}
    async with limited.connect("passes", **options) as client:
        await client.send(b"x" * (MIB + 1))
        assert await closed(client) == (1009, "Message is too large")
    assert await eventually(lambda: upstream.codes == [1009, 1009])


async def test_an_operator_may_allow_more(run: Run) -> None:
    running = await run(SOCKETS / "limits.js", limits={"websocket_message_mb": 3})
    async with serving(running) as served:
        assert len(await ask(served, 3 * MIB)) == 3 * MIB
        async with served.connect("measures") as client:
            await client.send(b"x" * (3 * MIB))
            assert await client.recv() == f"{3 * MIB}"
            await client.send(b"x" * (3 * MIB + 1))
            assert (await closed(client))[0] == 1009


@pytest.fixture
async def two(run: Run) -> Running:
    return await run(SOCKETS / "caller", others=[SOCKETS / "callee"])


async def test_a_worker_hears_no_more_from_another_one(two: Running) -> None:
    assert await two.json("/size") == [1006, ""]


def outcomes(running: Running) -> list[tuple[Outcome, bool]]:
    """With whether it took more than the limit in all."""
    return [(record.outcome, record.cpu_ms > 100) for record in running.observed.requests]


async def test_each_message_may_cost_what_a_request_may(limited: Served) -> None:
    async with limited.connect("burn") as client:
        for _ in range(40):
            await client.send("go")
            await client.recv()
    assert await eventually(lambda: outcomes(limited.running) == [(Outcome.OK, True)])


async def test_so_may_each_of_many_that_come_at_once(limited: Served) -> None:
    async with limited.connect("burn") as client:
        for _ in range(40):
            await client.send("go")
        for _ in range(40):
            await client.recv()
    assert await eventually(lambda: outcomes(limited.running) == [(Outcome.OK, True)])


async def test_what_goes_on_after_a_message_adds_up(limited: Served) -> None:
    async with limited.connect("goes_on") as client:
        await client.send("go")
        assert await closed(client) == (1006, "")
    assert await eventually(lambda: outcomes(limited.running) == [(Outcome.EXCEEDED_CPU, True)])


async def test_two_workers_can_not_keep_each_other_going(two: Running) -> None:
    code, _, heard = await two.json("/burns")
    assert code == 1006
    assert heard < 40
    assert two.observed.requests[0].outcome is Outcome.EXCEEDED_CPU


async def test_a_client_speaks_with_the_worker_behind(two: Running) -> None:
    async with serving(two) as served, served.connect("burn") as client:
        for _ in range(40):
            await client.send("go")
            await client.recv()
    assert await eventually(lambda: (Outcome.OK, True) in outcomes(two))
