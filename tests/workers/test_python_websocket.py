"""WebSockets of the Python API: a program is the client."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from edgewright import Outcome, WebSocket, WebSocketClosed
from tests.support.running import Run, Running

SERVER = Path(__file__).parent / "sockets" / "server.js"
UPGRADE = {"upgrade": "websocket"}


@pytest.fixture
async def running(run: Run) -> Running:
    return await run(SERVER)


async def connected(running: Running, path: str) -> WebSocket:
    response = await running.fetch(path, headers=UPGRADE)
    assert response.status == 101
    assert response.websocket is not None
    return response.websocket


async def test_messages_go_there_and_back(running: Running) -> None:
    async with await connected(running, "/echo") as client:
        for message in ("hello", "ü 🎉", b"\x00\xff", ""):
            await client.send(message)
            assert await client.receive() == message
    assert await running.worker.drain(10)
    assert [record.outcome for record in running.observed.requests] == [Outcome.OK]


async def test_a_worker_that_closes(running: Running) -> None:
    async with await connected(running, "/closing") as client:
        await client.send("4001 because")
        with pytest.raises(WebSocketClosed, match="4001 because") as closed:
            await client.receive()
    assert (closed.value.code, closed.value.reason) == (4001, "because")


async def test_all_that_a_worker_says(running: Running) -> None:
    async with await connected(running, "/hello") as client:
        heard: list[str | bytes] = []
        async for message in client:
            heard.append(message)
            if len(heard) == 3:
                await client.close()
                break
    assert heard == ["one", b"\x01\x02\x03", "two"]


async def test_a_worker_hears_how_it_was_closed(running: Running) -> None:
    async with await connected(running, "/watch") as client:
        await client.send("x")
        await client.close(4123, "why not")
    for _ in range(500):
        seen = await running.json("/seen")
        if len(seen) == 2:
            break
        await asyncio.sleep(0.02)
    assert seen == [["message", "x", 1], ["close", 4123, "why not", True, 3]]


async def test_what_is_too_large_ends_it(running: Running) -> None:
    async with await connected(running, "/watch") as client:
        await client.send(b"x" * ((1 << 20) + 1))
        with pytest.raises(WebSocketClosed, match="1009"):
            await client.receive()


async def test_a_response_that_is_none(running: Running) -> None:
    response = await running.fetch("/refuse", headers=UPGRADE)
    assert (response.status, response.websocket) == (403, None)
    assert await response.text() == "not here"
