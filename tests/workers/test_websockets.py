"""A Worker as WebSocket server, with a real client."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from edgewright.gateway.server import serve
from edgewright.observe.records import Outcome
from tests.support.running import Run, Running, eventually

SOCKETS = Path(__file__).parent / "sockets"


class Served:
    """A Worker behind the server of `edgewright serve`."""

    def __init__(self, running: Running, port: int, stop: asyncio.Event) -> None:
        self.running = running
        self.stop = stop
        self._port = port

    def connect(self, path: str, **options: object) -> connect:
        options.setdefault("max_size", None)
        return connect(f"ws://127.0.0.1:{self._port}/{path}", proxy=None, **options)  # type: ignore

    async def refusal(self, path: str) -> tuple[int, bytes]:
        """The response that is none to a handshake."""
        with pytest.raises(InvalidStatus) as caught:
            await self.connect(path)
        return caught.value.response.status_code, bytes(caught.value.response.body or b"")

    async def raw(self, path: str) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        """A connection after the handshake."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self._port)
        writer.write(
            f"GET /{path} HTTP/1.1\r\nhost: w.test\r\nupgrade: websocket\r\n"
            "connection: Upgrade\r\nsec-websocket-version: 13\r\n"
            "sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n".encode()
        )
        head = await reader.readuntil(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 101 ")
        assert b"sec-websocket-accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=" in head
        return reader, writer

    async def seen(self) -> list[list[object]]:
        return await self.running.json("/seen")

    async def sees(self, *expected: list[object]) -> bool:
        for _ in range(500):
            if await self.seen() == list(expected):
                return True
            await asyncio.sleep(0.02)
        return False


@pytest.fixture
async def served(run: Run) -> AsyncIterator[Served]:
    async with contextlib.AsyncExitStack() as stack:
        running = await run(SOCKETS / "server.js")
        yield await stack.enter_async_context(serving(running))


@contextlib.asynccontextmanager
async def serving(running: Running) -> AsyncIterator[Served]:
    listener = socket.create_server(("127.0.0.1", 0))
    port: int = listener.getsockname()[1]
    stop = asyncio.Event()
    task = asyncio.create_task(serve(running.worker.dispatcher(), listener, stop, drain=5))
    try:
        yield Served(running, port, stop)
    finally:
        stop.set()
        await task


async def closed(client: ClientConnection) -> tuple[int, str]:
    """How the connection ends."""
    try:
        async with asyncio.timeout(20):
            while True:
                await client.recv()
    except ConnectionClosed as end:
        return (1006, "") if end.rcvd is None else (end.rcvd.code, end.rcvd.reason)


@pytest.mark.parametrize(
    "message", ["", "hello", "ü 🎉 \ufeff", "\ufeffmarked", b"", b"\x00\xff" * 10]
)
async def test_messages_go_there_and_back(served: Served, message: str | bytes) -> None:
    async with served.connect("echo") as client:
        await client.send(message)
        assert await client.recv() == message


async def test_order_is_kept(served: Served) -> None:
    async with served.connect("echo") as client:
        for number in range(500):
            await client.send(str(number))
        assert [await client.recv() for _ in range(500)] == [str(n) for n in range(500)]


async def test_fragments_are_one_message(served: Served) -> None:
    async with served.connect("echo") as client:
        await client.send(["Hel", "lo ", "world"])
        assert await client.recv() == "Hello world"


async def test_what_is_sent_before_the_response_comes_after_it(served: Served) -> None:
    async with served.connect("hello") as client:
        assert [await client.recv() for _ in range(3)] == ["one", b"\x01\x02\x03", "two"]


async def test_headers_of_the_response_and_the_subprotocol(served: Served) -> None:
    async with served.connect("echo", subprotocols=["a", "b"]) as client:
        assert client.response is not None
        assert client.response.headers["x-worker"] == "yes"
        assert client.subprotocol == "b"


async def test_messages_are_compressed_where_both_can(served: Served) -> None:
    async with served.connect("echo") as client:
        assert [extension.name for extension in client.protocol.extensions] == [
            "permessage-deflate"
        ]
        await client.send("x" * 100_000)
        assert await client.recv() == "x" * 100_000
    async with served.connect("echo", compression=None) as client:
        assert not client.protocol.extensions


async def test_pings_are_answered(served: Served) -> None:
    async with served.connect("watch") as client:
        async with asyncio.timeout(10):
            await (await client.ping(b"are you there"))
    assert await served.sees(["close", 1000, "", True, 3])


async def test_a_refusal_is_a_response(served: Served) -> None:
    assert await served.refusal("refuse") == (403, b"not here")


async def test_closing_by_the_client(served: Served) -> None:
    async with served.connect("watch") as client:
        await client.send("x")
        await client.close(4123, "why not")
        assert (client.close_code, client.close_reason) == (4123, "why not")
    assert await served.sees(["message", "x", 1], ["close", 4123, "why not", True, 3])


async def test_closing_by_the_client_without_a_code(served: Served) -> None:
    async with served.connect("watch", compression=None) as client:
        client.transport.write(b"\x88\x80\0\0\0\0")
        assert (await closed(client))[0] == 1005
    assert await served.sees(["close", 1005, "", True, 3])


@pytest.mark.parametrize(
    ("command", "expected"),
    [
        ("4001 because", (4001, "because")),
        ("1000", (1000, "")),
        ("3000 über", (3000, "über")),
        ("none", (1005, "")),
    ],
)
async def test_closing_by_the_worker(
    served: Served, command: str, expected: tuple[int, str]
) -> None:
    async with served.connect("closing") as client:
        await client.send(command)
        assert await closed(client) == expected
    assert await served.sees(["close", *expected, True, 3])


async def test_half_open_the_worker_has_the_last_word(served: Served) -> None:
    reader, writer = await served.raw("half")
    writer.write(b"\x88\x82\0\0\0\0\x03\xe8")  # Close 1000
    assert await reader.readexactly(2 + 10) == b"\x81\x0alast words"
    assert await reader.readexactly(2 + 2 + 9) == b"\x88\x0b\x0f\xa2in return"
    assert await reader.read() == b""
    writer.close()
    assert await served.sees(["close", 1000, "", True, 2], ["state", 3])


async def test_a_client_that_goes_away(served: Served) -> None:
    client = await served.connect("watch")
    await client.send("x")
    assert await served.sees(["message", "x", 1])
    client.transport.abort()
    lost = "WebSocket disconnected without sending Close frame."
    assert await served.sees(["message", "x", 1], ["close", 1006, lost, False, 3])
    assert await eventually(lambda: len(served.running.observed.requests) > 0)


async def test_the_request_lives_as_long_as_its_socket(served: Served) -> None:
    def finished() -> list[Outcome]:
        requests = served.running.observed.requests
        return [r.outcome for r in requests if r.status == 101]

    async with served.connect("echo") as client:
        await client.send("x")
        await client.recv()
        await asyncio.sleep(0.1)
        assert finished() == []
    assert await eventually(lambda: finished() == [Outcome.OK])


async def test_a_worker_that_accepts_later(served: Served) -> None:
    async with served.connect("waits") as client:
        await client.send("early")
        assert await client.recv() == "early"


async def test_a_worker_that_never_accepts_is_hung(served: Served) -> None:
    async with served.connect("deaf") as client:
        assert await closed(client) == (1006, "")


async def test_binary_type(served: Served) -> None:
    async with served.connect("kinds") as client:
        await client.send(b"bytes")
        assert await client.recv() == "blob [object Blob] bytes"
        await client.send(b"bytes")
        assert await client.recv() == "arraybuffer [object ArrayBuffer] bytes"


async def test_a_message_that_is_too_large(served: Served) -> None:
    async with served.connect("watch", compression=None) as client:
        await client.send("x" * ((1 << 20) + 1))
        assert (await closed(client))[0] == 1009
    seen = await served.seen()
    assert [entry[0] for entry in seen] == ["error", "close"]
    assert seen[1][1] == 1006


async def test_the_largest_message(served: Served) -> None:
    async with served.connect("echo") as client:
        await client.send(b"x" * (1 << 20))
        assert len(await client.recv()) == 1 << 20


async def test_compressed_messages_count_as_they_are_read(served: Served) -> None:
    async with served.connect("watch") as client:
        await client.send("x" * (5 << 20))
        assert (await closed(client))[0] == 1009


async def test_a_text_that_is_not_utf8(served: Served) -> None:
    async with served.connect("watch", compression=None) as client:
        client.transport.write(b"\x81\x82\0\0\0\0\xff\xff")
        assert (await closed(client))[0] == 1007


async def test_a_frame_that_is_none(served: Served) -> None:
    async with served.connect("watch", compression=None) as client:
        client.transport.write(b"\x83\x80\0\0\0\0")
        assert (await closed(client))[0] == 1002


async def test_a_client_that_reads_slowly(served: Served) -> None:
    async with served.connect("flood", compression=None) as client:
        await client.send("go")
        await asyncio.sleep(0.3)
        size = 0
        while (message := await client.recv()) != "end":
            size += len(message)
        assert size == 200 * 50_000
    (entry,) = await served.seen()
    assert entry[0] == "buffered"
    assert isinstance(entry[1], int)
    assert entry[1] > 8_000_000  # what waits is in the isolate, where memory is bounded


async def test_what_a_listener_throws_does_not_end_the_socket(served: Served) -> None:
    async with served.connect("throws") as client:
        await client.send("here")
        assert await client.recv() == "still here"
    assert any("in a listener" in line for line in served.running.logged)


async def test_over_the_cpu_limit_the_connection_is_lost(served: Served) -> None:
    async with served.connect("spin") as client:
        await client.send("go")
        assert await closed(client) == (1006, "")
    assert await eventually(
        lambda: [r.outcome for r in served.running.observed.requests] == [Outcome.EXCEEDED_CPU]
    )


async def test_a_server_that_stops_says_so(served: Served) -> None:
    async with served.connect("watch") as client:
        await client.send("x")
        assert await served.sees(["message", "x", 1])
        served.stop.set()
        assert await closed(client) == (1001, "")
    assert await served.sees(["message", "x", 1], ["close", 1001, "", True, 3])
