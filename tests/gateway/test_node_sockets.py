"""WebSockets while isolates come and go: the node with real hosts, behind its server."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import socket
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from edgewright.build import WorkerBundle
from edgewright.config.limits import Limits
from edgewright.gateway.dispatch import Dispatcher
from edgewright.gateway.node import Node
from edgewright.gateway.server import serve
from edgewright.messages import Request
from edgewright.observe.records import Outcome, Recorder
from tests.support.running import eventually

SOURCE = """
export default {
  fetch(request) {
    if (request.headers.get("upgrade") === null) return new Response("VERSION");
    const { 0: client, 1: server } = new WebSocketPair();
    server.accept();
    server.addEventListener("message", ({ data }) => server.send(`VERSION ${data}`));
    server.addEventListener("close", ({ code }) => console.log(`closed ${code}`));
    return new Response(null, { status: 101, webSocket: client });
  },
};
"""


def bundle(version: str, *, name: str = "w") -> WorkerBundle:
    main = "worker:/index.js"
    return WorkerBundle(name, main, {main: SOURCE.replace("VERSION", version)}, limits=Limits())


class Served:
    """A node, and where its Worker `w` is served."""

    def __init__(self, node: Node, observer: Recorder, stop: asyncio.Event, port: int) -> None:
        self.node = node
        self.observer = observer
        self.stop = stop
        self.port = port

    def connect(self) -> connect:
        return connect(f"ws://127.0.0.1:{self.port}/", proxy=None, close_timeout=1)

    @property
    def closings(self) -> list[str]:
        return [line.message for line in self.observer.lines]


@contextlib.asynccontextmanager
async def serving(*, drain: float = 5, memory_mb: int | None = None) -> AsyncIterator[Served]:
    observer = Recorder()
    node = Node(observer=observer, memory_mb=memory_mb)
    await node.deploy(bundle("1"))
    listener = socket.create_server(("127.0.0.1", 0))
    stop = asyncio.Event()
    task = asyncio.create_task(serve(Dispatcher(node, "w"), listener, stop, drain=drain))
    try:
        yield Served(node, observer, stop, listener.getsockname()[1])
    finally:
        stop.set()
        await task
        await node.close()


@pytest.fixture
async def served() -> AsyncIterator[Served]:
    async with serving() as served:
        yield served


async def echo(client: ClientConnection, message: str) -> str | bytes:
    await client.send(message)
    return await asyncio.wait_for(client.recv(), 20)


async def closed(client: ClientConnection) -> int:
    with contextlib.suppress(ConnectionClosed):
        async with asyncio.timeout(20):
            while True:
                await client.recv()
    assert client.close_code is not None
    return client.close_code


async def test_a_new_version_sends_clients_over(served: Served) -> None:
    async with served.connect() as old:
        assert await echo(old, "a") == "1 a"
        await served.node.deploy(bundle("2"))
        assert await closed(old) == 1001
    assert await eventually(lambda: served.closings == ["closed 1001"])
    async with served.connect() as new:
        assert await echo(new, "b") == "2 b"
    assert await eventually(
        lambda: [r.outcome for r in served.observer.requests] == [Outcome.OK] * 2
    )


async def test_a_host_that_dies_takes_its_connections_along_and_no_more(served: Served) -> None:
    async with served.connect() as client:
        assert await echo(client, "a") == "1 a"
        for host in served.node._hosts.hosts:  # pyright: ignore[reportPrivateUsage]
            if host.isolates:
                host.process.send_signal(signal.SIGKILL)
        assert await closed(client) == 1006
    async with served.connect() as client:
        assert await echo(client, "b") == "1 b"


async def test_an_open_websocket_keeps_its_isolate_from_being_evicted() -> None:
    async with serving(memory_mb=1) as served, served.connect() as client:
        assert await echo(client, "a") == "1 a"
        for number in range(3):
            await served.node.deploy(bundle("other", name=f"other{number}"))
            request = Request("GET", "http://h/", [])
            active = await served.node.begin(f"other{number}", request)
            await asyncio.wait_for(active.head.wait(), 20)
        await asyncio.sleep(1.5)  # the node looks around
        assert await echo(client, "b") == "1 b"


async def test_a_client_that_does_not_let_go_is_left_at_the_end() -> None:
    async with serving(drain=0.5) as served:
        reader, writer = await asyncio.open_connection("127.0.0.1", served.port)
        writer.write(
            b"GET / HTTP/1.1\r\nhost: w\r\nupgrade: websocket\r\nconnection: Upgrade\r\n"
            b"sec-websocket-version: 13\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
        )
        await reader.readuntil(b"\r\n\r\n")
        served.stop.set()
        assert await asyncio.wait_for(reader.read(), 20) == b"\x88\x02\x03\xe9"
        writer.close()


async def test_clients_that_vanish_leave_nothing_behind(served: Served) -> None:
    async def vanish() -> None:
        client = await served.connect()
        await echo(client, "a")
        client.transport.abort()

    async def all_over(count: int) -> None:
        assert await eventually(lambda: len(served.observer.requests) == count)
        assert await served.node.drain(10)

    await vanish()
    await all_over(1)
    await asyncio.sleep(0.2)
    tasks, files = len(asyncio.all_tasks()), open_files()
    await asyncio.gather(*(vanish() for _ in range(30)))
    await all_over(31)
    assert await eventually(lambda: len(asyncio.all_tasks()) <= tasks), asyncio.all_tasks()
    assert await eventually(lambda: open_files() <= files)


def open_files() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))
