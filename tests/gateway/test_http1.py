"""HTTP/1.1 in, byte by byte: what a client that speaks the protocol well, badly or slowly sees."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import AsyncGenerator, Awaitable, Callable

import pytest
import uvloop

from edgewright.config.limits import Limits
from edgewright.gateway import http1_connection
from edgewright.gateway.dispatch import Answer
from edgewright.gateway.http1 import Http1Server
from edgewright.messages import BodyError, Request, Response, read_all


def pytest_asyncio_loop_factories(
    config: pytest.Config, item: pytest.Item
) -> dict[str, Callable[[], asyncio.AbstractEventLoop]]:
    return {"asyncio": asyncio.new_event_loop, "uvloop": uvloop.new_event_loop}


App = Callable[[Request], Awaitable[Response]]


class Under:
    """A request in the hands of an App."""

    def __init__(self, task: asyncio.Task[None]) -> None:
        self.task = task
        self.gone = False

    def client_gone(self) -> None:
        self.gone = True
        self.task.cancel()

    def body_too_large(self) -> None:
        self.task.cancel()


class Answering:
    """A Handler, made of an App."""

    def __init__(self, app: App) -> None:
        self.app = app
        self.limits = Limits(request_body_mb=60)
        self.started: list[Under] = []

    def start(self, request: Request, answer: Answer) -> Under:
        async def run() -> None:
            answer(await self.app(request))

        self.started.append(Under(asyncio.get_running_loop().create_task(run())))
        return self.started[-1]

    def page(self, status: int, headers: list[tuple[bytes, bytes]]) -> Response:
        return Response(status, [], b"refused")


async def echo(request: Request) -> Response:
    """Says what was asked for, and the body."""
    path = request.url.partition("://h")[2].encode()
    return Response(200, [], path + b" " + await read_all(request.body))


class Pieces:
    """A response's body that comes bit by bit, and may wait for something before each."""

    def __init__(self, *pieces: bytes, length: int | None = None) -> None:
        self.length = length
        self.pieces = list(pieces)
        self.go_on = asyncio.Event()
        self.go_on.set()
        self.error: str | None = None
        self.discarded = False

    async def read(self) -> bytes:
        if self.pieces:
            return self.pieces.pop(0)
        await self.go_on.wait()
        if self.error is not None:
            raise BodyError(self.error)
        return b""

    def discard(self) -> None:
        self.discarded = True
        self.go_on.set()


async def refuse(_: Request) -> Response:
    """Does not look at the body."""
    return Response(200, [], b"no")


class Client:
    """A connection, used by hand."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer

    def say(self, data: bytes) -> None:
        self.writer.write(data)

    async def head(self) -> list[bytes]:
        return (await asyncio.wait_for(self.reader.readuntil(b"\r\n\r\n"), 10)).split(b"\r\n")[:-2]

    async def response(self) -> bytes:
        """The body of the next response, which tells its length."""
        lines = await self.head()
        (length,) = (line for line in lines if line.startswith(b"content-length: "))
        return await asyncio.wait_for(self.reader.readexactly(int(length[16:])), 10)

    async def rest(self) -> bytes:
        """Everything up to the end of the connection."""
        return await asyncio.wait_for(self.reader.read(), 10)


Connect = Callable[[], contextlib.AbstractAsyncContextManager[Client]]


@contextlib.asynccontextmanager
async def serving(
    app: App, handler: type[Answering] = Answering, *, max_connections: int = 100
) -> AsyncGenerator[tuple[Http1Server, Connect]]:
    server = Http1Server(handler(app), max_connections=max_connections)
    listener = socket.create_server(("127.0.0.1", 0))
    port: int = listener.getsockname()[1]

    @contextlib.asynccontextmanager
    async def connect() -> AsyncGenerator[Client]:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        try:
            yield Client(reader, writer)
        finally:
            writer.close()

    await server.start(listener)
    try:
        yield server, connect
    finally:
        await server.close()


async def test_a_connection_takes_one_request_after_the_other() -> None:
    async with serving(echo) as (_, connect), connect() as client:
        for path in (b"/1", b"/2", b"/3"):
            client.say(b"POST " + path + b" HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\n\r\nhi")
            assert await client.response() == path + b" hi"


async def test_requests_sent_ahead_are_answered_in_their_order() -> None:
    async def slow_first(request: Request) -> Response:
        if request.url.endswith("/0"):
            await asyncio.sleep(0.05)
        return await echo(request)

    async with serving(slow_first) as (_, connect), connect() as client:
        client.say(
            b"".join(
                b"POST /%d HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n"
                b"1\r\n%d\r\n0\r\n\r\n" % (number, number)
                for number in range(5)
            )
        )
        for number in range(5):
            assert await client.response() == b"/%d %d" % (number, number)


async def test_the_same_words_again_are_a_request_of_its_own() -> None:
    asked: list[str] = []

    async def count(request: Request) -> Response:
        asked.append(request.url[-2:])
        return Response(200, [], b"%d" % len(asked))

    one, other = (b"GET /%b HTTP/1.1\r\nHost: h\r\n\r\n" % path for path in (b"1", b"2"))
    async with serving(count) as (_, connect), connect() as client:
        for said in (one, one, other, one, one[:20], one[20:], one, one + one, other + one[:3]):
            client.say(said)
            for _ in range(said.count(b"\r\n\r\n")):
                await client.response()
        client.say(one[3:])
        assert await client.response() == b"10"
    assert asked == ["/1", "/1", "/2", "/1", "/1", "/1", "/1", "/1", "/2", "/1"]


@pytest.mark.parametrize("others", [0, 1])
async def test_what_is_answered_at_once_keeps_its_place(others: int) -> None:
    class AtOnce(Answering):
        def start(self, request: Request, answer: Answer) -> Under:
            if "now" not in request.url:
                return super().start(request, answer)
            answer(Response(429, [], b"now"))
            return Under(asyncio.get_running_loop().create_task(asyncio.sleep(0)))

    async with serving(echo, AtOnce) as (_, connect), contextlib.AsyncExitStack() as stack:
        # With another one there, what is said to a connection is gathered.
        client, *_ = [await stack.enter_async_context(connect()) for _ in range(1 + others)]
        requests = [b"GET /%b HTTP/1.1\r\nHost: h\r\n\r\n" % path for path in (b"now", b"a")]
        client.say(b"".join(requests + requests) + requests[0])
        answers = [await client.response() for _ in range(5)]
        assert answers == [b"now", b"/a ", b"now", b"/a ", b"now"]
        client.say(b"GET /now HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n")
        assert (await client.rest()).endswith(b"\r\n\r\nnow")


async def test_what_makes_no_sense_ends_the_connection_after_the_answers_due() -> None:
    async def slow(request: Request) -> Response:
        await asyncio.sleep(0.05)
        return await echo(request)

    async with serving(slow) as (_, connect), connect() as client:
        client.say(b"GET /good HTTP/1.1\r\nHost: h\r\n\r\nnonsense\r\n\r\n")
        assert await client.response() == b"/good "
        assert await client.rest() == b""


async def test_a_client_that_waits_to_be_asked_for_its_body() -> None:
    async with serving(echo) as (_, connect), connect() as client:
        client.say(
            b"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n"
        )
        assert await client.head() == [b"HTTP/1.1 100 Continue"]
        client.say(b"hi")
        assert await client.response() == b"/ hi"


async def test_a_body_that_nobody_asks_for_is_not_waited_for() -> None:
    async with serving(refuse) as (_, connect), connect() as client:
        client.say(
            b"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 20000\r\nExpect: 100-continue\r\n\r\n"
        )
        assert (await client.rest()).endswith(b"no")


async def test_a_body_that_nobody_reads_is_skipped() -> None:
    async with serving(refuse) as (_, connect), connect() as client:
        size = 1_000_000
        client.say(b"POST /1 HTTP/1.1\r\nHost: h\r\nContent-Length: %d\r\n\r\n" % size)
        assert await client.response() == b"no"
        client.say(bytes(size) + b"GET /2 HTTP/1.1\r\nHost: h\r\n\r\n")
        assert await client.response() == b"no"


async def test_a_body_that_nobody_reads_and_that_never_comes(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(http1_connection, "DISCARD_TIMEOUT", 0.1)

    async with serving(refuse) as (_, connect), connect() as client:
        client.say(b"POST /1 HTTP/1.1\r\nHost: h\r\nContent-Length: 20000\r\n\r\n")
        assert await client.response() == b"no"
        assert await client.rest() == b""


async def test_a_body_that_is_not_taken_holds_its_client_back() -> None:
    taken = asyncio.Event()

    async def late(request: Request) -> Response:
        await taken.wait()
        return Response(200, [], b"%d" % len(await read_all(request.body)))

    size = 50_000_000
    async with serving(late) as (_, connect), connect() as client:
        client.say(b"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: %d\r\n\r\n" % size)
        client.say(bytes(size))
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(client.writer.drain(), 0.3)
        taken.set()
        assert await client.response() == b"%d" % size


async def test_a_client_that_does_not_read_holds_the_body_back() -> None:
    body = Pieces(*[bytes(100_000)] * 1000)

    async def flood(_: Request) -> Response:
        return Response(200, [], body)

    async with serving(flood) as (_, connect), connect() as client:
        client.say(b"GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n")
        await asyncio.sleep(0.3)
        assert len(body.pieces) > 500
        assert len(await client.rest()) > 100_000_000


async def test_http_1_0_ends_with_its_response_unless_it_asks_otherwise() -> None:
    async def pieces(_: Request) -> Response:
        return Response(200, [], Pieces(b"a", b"b"))

    async with serving(pieces) as (_, connect), connect() as client:
        client.say(b"GET / HTTP/1.0\r\n\r\n")
        whole = await client.rest()
        assert whole.endswith(b"\r\n\r\nab")
        assert b"transfer-encoding" not in whole
    async with serving(refuse) as (_, connect), connect() as client:
        for _ in range(2):
            client.say(b"GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n")
            assert await client.response() == b"no"


async def test_chunks_go_out_as_they_come() -> None:
    body = Pieces(b"one")
    body.go_on.clear()

    async def pieces(_: Request) -> Response:
        return Response(200, [], body)

    async with serving(pieces) as (_, connect), connect() as client:
        client.say(b"GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n")
        assert b"transfer-encoding: chunked" in await client.head()
        assert await client.reader.readexactly(8) == b"3\r\none\r\n"
        body.go_on.set()
        assert await client.rest() == b"0\r\n\r\n"


async def test_the_head_does_not_wait_for_the_body() -> None:
    body = Pieces()
    body.go_on.clear()

    async def pieces(_: Request) -> Response:
        return Response(200, [], body)

    async with serving(pieces) as (_, connect), connect() as client:
        client.say(b"GET / HTTP/1.1\r\nHost: h\r\n\r\n")
        assert (await client.head())[0] == b"HTTP/1.1 200 OK"


@pytest.mark.parametrize("size", [1, 100_000])
async def test_pieces_of_any_size_come_in_order_among_many_connections(size: int) -> None:
    pieces = [b"%d" % number * size for number in range(9)]

    async def streams(_: Request) -> Response:
        body = Pieces(b"a", *pieces, b"z", length=2 + 9 * size)
        return Response(200, [], body)

    async with serving(streams) as (_, connect), connect() as client, connect():
        for _ in range(3):
            client.say(b"GET / HTTP/1.1\r\nHost: h\r\n\r\n")
            assert await client.response() == b"a" + b"".join(pieces) + b"z"


async def test_head_and_304_have_no_body() -> None:
    async def app(request: Request) -> Response:
        if request.method == "HEAD":
            return Response(200, ["content-length", "5"], None)
        return Response(304, [], None)

    async with serving(app) as (_, connect), connect() as client:
        client.say(b"HEAD / HTTP/1.1\r\nHost: h\r\n\r\nGET /304 HTTP/1.1\r\nHost: h\r\n\r\n")
        assert b"content-length: 5" in await client.head()
        lines = await client.head()
        assert lines[0] == b"HTTP/1.1 304 Not Modified"
        assert not any(line.startswith((b"content-length", b"transfer-")) for line in lines)


@pytest.mark.parametrize("piece", [b"too long a body", b"shrt"])
async def test_a_body_that_lies_about_its_length_breaks_off(piece: bytes) -> None:
    """What follows would be taken for the next response."""

    async def lies(_: Request) -> Response:
        return Response(200, [], Pieces(piece, length=5))

    async with serving(lies) as (_, connect), connect() as client:
        client.say(b"GET / HTTP/1.1\r\nHost: h\r\n\r\n" * 2)
        assert b"content-length: 5" in await client.head()
        with contextlib.suppress(ConnectionResetError):
            assert await client.rest() in (b"", piece[:4])


async def test_headers_cannot_smuggle_a_line() -> None:
    async def injects(_: Request) -> Response:
        return Response(200, ["x", "a\r\nset-cookie: b"], b"")

    asyncio.get_running_loop().set_exception_handler(lambda *_: None)
    async with serving(injects) as (_, connect), connect() as client:
        client.say(b"GET / HTTP/1.1\r\nHost: h\r\n\r\n")
        with contextlib.suppress(ConnectionResetError):
            assert await client.rest() == b""


async def test_a_body_that_breaks_off_breaks_the_response_off() -> None:
    body = Pieces(b"half")
    body.error = "on purpose"

    async def fails(_: Request) -> Response:
        return Response(200, [], body)

    async with serving(fails) as (_, connect), connect() as client:
        client.say(b"GET / HTTP/1.1\r\nHost: h\r\n\r\n")
        with contextlib.suppress(ConnectionResetError):
            assert b"0\r\n\r\n" not in await client.rest()


async def test_a_client_that_leaves_is_told_of() -> None:
    async def waits(_: Request) -> Response:
        await asyncio.Event().wait()
        raise AssertionError

    async with serving(waits) as (server, connect):
        async with connect() as client:
            client.say(b"GET / HTTP/1.1\r\nHost: h\r\n\r\n")
            await asyncio.sleep(0.05)
        assert isinstance(server.handler, Answering)
        (under,) = server.handler.started
        with contextlib.suppress(asyncio.CancelledError):
            await asyncio.wait_for(under.task, 10)
        assert under.gone


async def test_a_client_that_leaves_ends_the_body_it_was_reading() -> None:
    body = Pieces(b"one")
    body.go_on.clear()

    async def pieces(_: Request) -> Response:
        return Response(200, [], body)

    async with serving(pieces) as (_, connect):
        async with connect() as client:
            client.say(b"GET / HTTP/1.1\r\nHost: h\r\n\r\n")
            await client.head()
        for _ in range(500):
            if body.discarded:
                break
            await asyncio.sleep(0.01)
        assert body.discarded


async def test_a_body_that_grows_too_large_is_broken_off() -> None:
    async with serving(echo) as (server, connect), connect() as client:
        chunk = b"100000\r\n%b\r\n" % bytes(1 << 20)
        client.say(b"POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n")
        for _ in range(61):
            client.say(chunk)
        assert isinstance(server.handler, Answering)
        for _ in range(500):
            if server.handler.started and server.handler.started[0].task.done():
                break
            await asyncio.sleep(0.01)
        assert server.handler.started[0].task.cancelled()


async def test_an_upgrade_to_what_is_not_spoken_is_left_aside() -> None:
    async with serving(echo) as (_, connect), connect() as client:
        client.say(b"GET / HTTP/1.1\r\nHost: h\r\nConnection: upgrade\r\nUpgrade: foo\r\n\r\n")
        whole = await client.rest()
        assert whole.startswith(b"HTTP/1.1 200 ")
        assert b"connection: close" in whole


async def test_a_head_that_dawdles_gets_no_more_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http1_connection, "HEAD_TIMEOUT", 0.1)
    async with serving(echo) as (_, connect), connect() as client:
        client.say(b"GET / HTTP/1.1\r\nHost: h\r\n")
        assert (await client.rest()).startswith(b"HTTP/1.1 408 ")


async def test_an_idle_connection_is_closed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http1_connection, "HEAD_TIMEOUT", 0.1)
    async with serving(echo) as (_, connect), connect() as client:
        client.say(b"GET / HTTP/1.1\r\nHost: h\r\n\r\n")
        assert await client.response() == b"/ "
        assert await client.rest() == b""


async def test_more_connections_than_there_is_room_for() -> None:
    async with serving(echo, max_connections=1) as (_, connect), connect() as first:
        first.say(b"GET / HTTP/1.1\r\nHost: h\r\n\r\n")
        assert await first.response() == b"/ "
        async with connect() as second:
            assert (await second.rest()).startswith(b"HTTP/1.1 503 ")
        first.say(b"GET / HTTP/1.1\r\nHost: h\r\n\r\n")
        assert await first.response() == b"/ "


async def test_stopping_closes_the_idle_and_waits_for_the_busy() -> None:
    go_on = asyncio.Event()

    async def waits(request: Request) -> Response:
        if request.url.endswith("/wait"):
            await go_on.wait()
        return await echo(request)

    async with serving(waits) as (server, connect), connect() as idle, connect() as busy:
        idle.say(b"GET / HTTP/1.1\r\nHost: h\r\n\r\n")
        assert await idle.response() == b"/ "
        busy.say(b"GET /wait HTTP/1.1\r\nHost: h\r\n\r\n")
        await asyncio.sleep(0.05)
        server.stop()
        assert await idle.rest() == b""
        go_on.set()
        whole = await busy.rest()
        assert b"connection: close" in whole
        assert whole.endswith(b"/wait ")
        await asyncio.wait_for(server.stopped(), 10)
