"""Sockets belong to their request: it lives as long as something may come, and no other one may use
them; and it has as many connections as it may have."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.http11 import Request, Response

from edgewright.worker import WorkerException
from tests.support.running import Run, Running
from tests.workers.test_websockets import serving

WORKER = Path(__file__).parent / "sockets" / "requests.js"
FOREIGN = "Cannot perform I/O on behalf of a different request."
HUNG = "had hung and would never generate a response"


class Servers:
    """A WebSocket server and a TCP server, and how much they had to do at a time."""

    def __init__(self) -> None:
        self.handshakes = 0
        self.most_handshakes = 0
        self.connections = 0
        self.most_connections = 0

    async def shake(self, _: ServerConnection, request: Request) -> Response | None:
        self.handshakes += 1
        self.most_handshakes = max(self.most_handshakes, self.handshakes)
        if request.path == "/late":
            await asyncio.sleep(0.05)
        self.handshakes -= 1
        return None

    async def speak(self, client: ServerConnection) -> None:
        assert client.request is not None
        try:
            if client.request.path == "/slow":
                await asyncio.sleep(0.5)
                await client.send("at last")
            async for message in client:
                await client.send(message)
        except ConnectionClosed:
            pass

    async def tcp(self, _: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        self.most_connections = max(self.most_connections, self.connections)
        await asyncio.sleep(0.2)
        self.connections -= 1
        writer.write(b"at last")
        writer.close()


@pytest.fixture
async def servers() -> Servers:
    return Servers()


@pytest.fixture
async def running(run: Run, servers: Servers) -> AsyncIterator[Running]:
    async with (
        serve(servers.speak, "127.0.0.1", 0, process_request=servers.shake) as websockets,
        await asyncio.start_server(servers.tcp, "127.0.0.1", 0) as tcp,
    ):
        ports = [next(iter(server.sockets)).getsockname()[1] for server in (websockets, tcp)]
        env = {"WS": f"ws://127.0.0.1:{ports[0]}", "TCP": f"127.0.0.1:{ports[1]}"}
        yield await run(WORKER, env=env)


async def test_no_request_uses_another_ones_sockets(running: Running) -> None:
    assert await running.text("/keeps") == "kept"
    for message in await running.json("/uses"):
        assert FOREIGN in message


async def test_no_request_gives_away_another_ones_socket(running: Running) -> None:
    assert await running.text("/keeps") == "kept"
    async with serving(running) as served:
        with pytest.raises(InvalidStatus):
            await served.connect("gives")
    errors = [record.error for record in running.observed.requests]
    assert any(error is not None and FOREIGN in error.message for error in errors)


async def test_there_are_none_in_the_global_scope(running: Running) -> None:
    refusals = await running.json("/refused")
    assert len(refusals) == 2
    for message in refusals:
        assert message.startswith("Disallowed operation called within global scope.")


@pytest.mark.parametrize("path", ["/slow", "/slow_tcp"])
async def test_an_open_socket_keeps_its_request_alive(running: Running, path: str) -> None:
    assert await running.text(path) == "at last"


@pytest.mark.parametrize("path", ["/pair", "/after_the_end"])
async def test_a_socket_that_nothing_can_come_from_does_not(running: Running, path: str) -> None:
    with pytest.raises(WorkerException, match=HUNG):
        await asyncio.wait_for(running.fetch(path), 20)


async def test_the_async_context_follows_what_is_heard(running: Running) -> None:
    assert await running.json("/context") == [
        "open constructor",
        "message constructor",
        "close constructor",
        "message accept",
    ]


async def test_six_handshakes_at_a_time_and_then_any_number_of_sockets(
    running: Running, servers: Servers
) -> None:
    assert await running.json("/many") == 15
    assert servers.most_handshakes == 6


async def test_six_connections_at_a_time(running: Running, servers: Servers) -> None:
    assert await running.text("/many_tcp") == "done"
    assert servers.most_connections == 6
