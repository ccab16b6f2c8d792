"""HTTP/1.1 in, byte by byte: what a client that speaks the protocol well, badly or slowly sees."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import AsyncGenerator, Callable

import pytest
import uvloop

from edgewright.gateway import http1
from edgewright.gateway.asgi import ASGIApp, Receive, Scope, Send
from edgewright.gateway.http1 import Http1Server


def pytest_asyncio_loop_factories(
    config: pytest.Config, item: pytest.Item
) -> dict[str, Callable[[], asyncio.AbstractEventLoop]]:
    return {"asyncio": asyncio.new_event_loop, "uvloop": uvloop.new_event_loop}


async def answer(send: Send, body: bytes, *headers: tuple[bytes, bytes]) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": list(headers)})
    await send({"type": "http.response.body", "body": body})


async def body_of(receive: Receive) -> bytes:
    body = b""
    while True:
        message = await receive()
        assert message["type"] == "http.request"
        body += message["body"]
        if not message["more_body"]:
            return body


async def echo(scope: Scope, receive: Receive, send: Send) -> None:
    """Says what was asked for, and the body."""
    body = await body_of(receive)
    await answer(send, scope["raw_path"] + b" " + body)


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


@contextlib.asynccontextmanager
async def serving(
    app: ASGIApp, *, max_connections: int = 100
) -> AsyncGenerator[
    tuple[Http1Server, Callable[[], contextlib.AbstractAsyncContextManager[Client]]]
]:
    server = Http1Server(app, max_connections=max_connections)
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
    async def slow_first(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["raw_path"] == b"/0":
            await asyncio.sleep(0.05)
        await echo(scope, receive, send)

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


async def test_what_makes_no_sense_ends_the_connection_after_the_answers_due() -> None:
    async def slow(scope: Scope, receive: Receive, send: Send) -> None:
        await asyncio.sleep(0.05)
        await echo(scope, receive, send)

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
    async def refuse(_: Scope, receive: Receive, send: Send) -> None:
        await answer(send, b"no")

    async with serving(refuse) as (_, connect), connect() as client:
        client.say(
            b"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n"
        )
        assert (await client.rest()).endswith(b"no")


async def test_a_body_that_nobody_reads_is_skipped() -> None:
    async def refuse(scope: Scope, receive: Receive, send: Send) -> None:
        await answer(send, scope["raw_path"])

    async with serving(refuse) as (_, connect), connect() as client:
        size = 1_000_000
        client.say(b"POST /1 HTTP/1.1\r\nHost: h\r\nContent-Length: %d\r\n\r\n" % size)
        assert await client.response() == b"/1"
        client.say(bytes(size) + b"GET /2 HTTP/1.1\r\nHost: h\r\n\r\n")
        assert await client.response() == b"/2"


async def test_a_body_that_nobody_reads_and_that_never_comes(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(http1, "DISCARD_TIMEOUT", 0.1)

    async def refuse(_: Scope, receive: Receive, send: Send) -> None:
        await answer(send, b"no")

    async with serving(refuse) as (_, connect), connect() as client:
        client.say(b"POST /1 HTTP/1.1\r\nHost: h\r\nContent-Length: 10\r\n\r\n")
        assert await client.response() == b"no"
        assert await client.rest() == b""


async def test_a_body_that_is_not_taken_holds_its_client_back() -> None:
    taken = asyncio.Event()

    async def late(scope: Scope, receive: Receive, send: Send) -> None:
        await taken.wait()
        await answer(send, b"%d" % len(await body_of(receive)))

    size = 50_000_000
    async with serving(late) as (_, connect), connect() as client:
        client.say(b"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: %d\r\n\r\n" % size)
        client.say(bytes(size))
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(client.writer.drain(), 0.3)
        taken.set()
        assert await client.response() == b"%d" % size


async def test_a_client_that_does_not_read_holds_the_app_back() -> None:
    said = 0

    async def flood(_: Scope, receive: Receive, send: Send) -> None:
        nonlocal said
        await send({"type": "http.response.start", "status": 200, "headers": []})
        while said < 1000:
            await send({"type": "http.response.body", "body": bytes(100_000), "more_body": True})
            said += 1
        await send({"type": "http.response.body", "body": b""})

    async with serving(flood) as (_, connect), connect() as client:
        client.say(b"GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n")
        await asyncio.sleep(0.3)
        assert said < 500
        assert len(await client.rest()) > 100_000_000


async def test_http_1_0_ends_with_its_response_unless_it_asks_otherwise() -> None:
    async def pieces(_: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"a", "more_body": True})
        await send({"type": "http.response.body", "body": b"b"})

    async with serving(pieces) as (_, connect), connect() as client:
        client.say(b"GET / HTTP/1.0\r\n\r\n")
        whole = await client.rest()
        assert whole.endswith(b"\r\n\r\nab")
        assert b"transfer-encoding" not in whole
    async with serving(echo) as (_, connect), connect() as client:
        for _ in range(2):
            client.say(b"GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n")
            assert await client.response() == b"/ "


async def test_chunks_go_out_as_they_come() -> None:
    go_on = asyncio.Event()

    async def pieces(_: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"one", "more_body": True})
        await go_on.wait()
        await send({"type": "http.response.body", "body": b"two"})

    async with serving(pieces) as (_, connect), connect() as client:
        client.say(b"GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n")
        assert b"transfer-encoding: chunked" in await client.head()
        assert await client.reader.readexactly(8) == b"3\r\none\r\n"
        go_on.set()
        assert await client.rest() == b"3\r\ntwo\r\n0\r\n\r\n"


async def test_head_and_304_have_no_body() -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        status = 304 if scope["raw_path"] == b"/304" else 200
        headers = [(b"content-length", b"5")] if scope["method"] == "HEAD" else []
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": b""})

    async with serving(app) as (_, connect), connect() as client:
        client.say(b"HEAD / HTTP/1.1\r\nHost: h\r\n\r\nGET /304 HTTP/1.1\r\nHost: h\r\n\r\n")
        assert b"content-length: 5" in await client.head()
        lines = await client.head()
        assert lines[0] == b"HTTP/1.1 304 Not Modified"
        assert not any(line.startswith((b"content-length", b"transfer-")) for line in lines)


@pytest.mark.parametrize("body", [b"too long a body", b"shrt"])
async def test_a_response_that_lies_about_its_length_breaks_off(body: bytes) -> None:
    async def lies(_: Scope, receive: Receive, send: Send) -> None:
        await answer(send, body, (b"content-length", b"5"))

    errors: list[object] = []
    loop = asyncio.get_running_loop()
    loop.set_exception_handler(lambda _, context: errors.append(context["exception"]))
    async with serving(lies) as (_, connect), connect() as client:
        client.say(b"GET / HTTP/1.1\r\nHost: h\r\n\r\n")
        assert (await client.head())[0] == b"HTTP/1.1 500 Internal Server Error"
        assert await client.rest() == b""
    assert len(errors) == 1


async def test_headers_cannot_smuggle_a_line() -> None:
    async def injects(_: Scope, receive: Receive, send: Send) -> None:
        await answer(send, b"", (b"x", b"a\r\nset-cookie: b"))

    asyncio.get_running_loop().set_exception_handler(lambda *_: None)
    async with serving(injects) as (_, connect), connect() as client:
        client.say(b"GET / HTTP/1.1\r\nHost: h\r\n\r\n")
        whole = await client.rest()
        assert whole.startswith(b"HTTP/1.1 500 ")
        assert b"set-cookie" not in whole


async def test_an_app_that_fails_half_way_breaks_the_response_off() -> None:
    async def fails(_: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"half", "more_body": True})
        raise RuntimeError("on purpose")

    asyncio.get_running_loop().set_exception_handler(lambda *_: None)
    async with serving(fails) as (_, connect), connect() as client:
        client.say(b"GET / HTTP/1.1\r\nHost: h\r\n\r\n")
        await client.head()
        with contextlib.suppress(ConnectionResetError):
            assert b"0\r\n\r\n" not in await client.rest()


async def test_a_client_that_leaves_is_told_of() -> None:
    left = asyncio.Event()

    async def waits(_: Scope, receive: Receive, send: Send) -> None:
        await body_of(receive)
        assert (await receive())["type"] == "http.disconnect"
        await answer(send, b"to nobody")
        left.set()

    async with serving(waits) as (_, connect):
        async with connect() as client:
            client.say(b"GET / HTTP/1.1\r\nHost: h\r\n\r\n")
            await asyncio.sleep(0.05)
        await asyncio.wait_for(left.wait(), 10)


async def test_an_upgrade_to_what_is_not_spoken_is_left_aside() -> None:
    async with serving(echo) as (_, connect), connect() as client:
        client.say(b"GET / HTTP/1.1\r\nHost: h\r\nConnection: upgrade\r\nUpgrade: foo\r\n\r\n")
        whole = await client.rest()
        assert whole.startswith(b"HTTP/1.1 200 ")
        assert b"connection: close" in whole


async def test_a_head_that_dawdles_gets_no_more_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http1, "HEAD_TIMEOUT", 0.1)
    async with serving(echo) as (_, connect), connect() as client:
        client.say(b"GET / HTTP/1.1\r\nHost: h\r\n")
        assert (await client.rest()).startswith(b"HTTP/1.1 408 ")


async def test_an_idle_connection_is_closed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http1, "HEAD_TIMEOUT", 0.1)
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

    async def waits(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["raw_path"] == b"/wait":
            await go_on.wait()
        await echo(scope, receive, send)

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
