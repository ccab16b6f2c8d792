"""The client against small servers that say exactly what a test needs."""

from __future__ import annotations

import asyncio
import contextlib
import gzip
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field

import pytest

from edgewright.messages import BodyError, read_all
from edgewright.subrequest.client import SubrequestClient
from edgewright.subrequest.redirects import MAX_REDIRECTS, redirected
from edgewright.subrequest.upstream import SubrequestError, UpstreamResponse, header


@dataclass
class Call:
    """One request that reached a server."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes
    connection: int


@dataclass
class Upstream:
    """A server, and what it was asked."""

    port: int = 0
    calls: list[Call] = field(default_factory=list[Call])
    connections: int = 0
    lost: asyncio.Event = field(default_factory=asyncio.Event)
    """Set when a client has closed a connection."""

    def url(self, path: str = "/") -> str:
        return f"http://127.0.0.1:{self.port}{path}"


Answer = Callable[[Call, asyncio.StreamWriter], Awaitable[None]]
"""Writes the whole response, head and all."""


async def read_request(reader: asyncio.StreamReader, connection: int) -> Call | None:
    head = await reader.readuntil(b"\r\n\r\n")
    first, *lines = head.decode("latin-1").split("\r\n")[:-2]
    method, path, _ = first.split(" ")
    headers = {name.lower(): value for name, value in (line.split(": ", 1) for line in lines)}
    body = b""
    if headers.get("transfer-encoding") == "chunked":
        while size := int(await reader.readline(), 16):
            body += (await reader.readexactly(size + 2))[:-2]
        await reader.readline()
    else:
        body = await reader.readexactly(int(headers.get("content-length", "0")))
    return Call(method, path, headers, body, connection)


@contextlib.asynccontextmanager
async def upstream(answer: Answer) -> AsyncIterator[Upstream]:
    state = Upstream()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        state.connections += 1
        number = state.connections
        try:
            while call := await read_request(reader, number):
                state.calls.append(call)
                await answer(call, writer)
                await writer.drain()
                if writer.is_closing():
                    break
        except (asyncio.IncompleteReadError, asyncio.CancelledError, ConnectionError):
            pass  # cancelled: by the end of the test's event loop
        finally:
            state.lost.set()
            writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    state.port = server.sockets[0].getsockname()[1]
    try:
        yield state
    finally:
        server.close()


def says(*pieces: bytes, close: bool = False) -> Answer:
    async def answer(_: Call, writer: asyncio.StreamWriter) -> None:
        for piece in pieces:
            writer.write(piece)
        if close:
            writer.close()

    return answer


def ok(body: bytes, *headers: bytes) -> bytes:
    lines = b"".join(line + b"\r\n" for line in headers)
    return b"HTTP/1.1 200 OK\r\n%scontent-length: %d\r\n\r\n%s" % (lines, len(body), body)


@pytest.fixture
async def client() -> AsyncIterator[SubrequestClient]:
    client = SubrequestClient()
    yield client
    await client.close()


class Pieces:
    """A request body that comes bit by bit."""

    def __init__(self, *chunks: bytes, length: int | None = None) -> None:
        self.length = length
        self._chunks = list(chunks)
        self.read_so_far = 0
        self.discarded = False

    async def read(self) -> bytes:
        await asyncio.sleep(0)
        if not self._chunks:
            return b""
        chunk = self._chunks.pop(0)
        self.read_so_far += len(chunk)
        return chunk

    def discard(self) -> None:
        self.discarded = True


async def get(client: SubrequestClient, url: str, *, redirect: str = "follow") -> UpstreamResponse:
    return await client.fetch("GET", url, [], None, redirect)


# --- Plain requests -------------------------------------------------------------------------------


async def test_a_request_and_its_response(client: SubrequestClient) -> None:
    async with upstream(says(ok(b"hi", b"x-a: 1", b"X-B: 2", b"x-a: 3"))) as server:
        response = await client.fetch(
            "POST", server.url("/p%2Fq?r=%20"), ["x-y", "z", "x-y", "w"], b"body", "follow"
        )
    assert (response.status, response.status_text) == (200, "OK")
    assert response.url == server.url("/p%2Fq?r=%20")
    assert not response.redirected
    assert response.body == b"hi"
    pairs = list(zip(response.headers[::2], response.headers[1::2], strict=True))
    assert [value for name, value in pairs if name == "x-a"] == ["1", "3"]
    assert ("x-b", "2") in pairs
    (call,) = server.calls
    assert (call.method, call.path, call.body) == ("POST", "/p%2Fq?r=%20", b"body")
    assert call.headers["content-length"] == "4"
    assert call.headers["host"] == f"127.0.0.1:{server.port}"


async def test_connection_headers_are_the_clients_own(client: SubrequestClient) -> None:
    headers = [
        *("connection", "close", "host", "evil", "transfer-encoding", "chunked"),
        *("content-length", "99", "te", "trailers", "accept", "x/y"),
    ]
    async with upstream(says(ok(b""))) as server:
        await client.fetch("POST", server.url(), headers, b"four", "follow")
    call = server.calls[0]
    assert call.headers["host"] == f"127.0.0.1:{server.port}"
    assert call.headers["content-length"] == "4"
    assert call.headers["accept"] == "x/y"
    assert not {"connection", "transfer-encoding", "te"} & call.headers.keys()


@pytest.mark.parametrize("given", [None, "identity"])
async def test_accept_encoding_unless_the_worker_says(
    client: SubrequestClient, given: str | None
) -> None:
    async with upstream(says(ok(b""))) as server:
        headers = [] if given is None else ["accept-encoding", given]
        await client.fetch("GET", server.url(), headers, None, "follow")
    assert server.calls[0].headers["accept-encoding"] == (given or "br, gzip")


async def test_connections_are_reused(client: SubrequestClient) -> None:
    async with upstream(says(ok(b"x" * 100_000))) as server:
        for _ in range(5):
            assert len(await read_all((await get(client, server.url())).body)) == 100_000
        assert server.connections == 1
        for _ in range(5):
            await client.fetch("HEAD", server.url(), [], None, "follow")


async def test_many_at_once(client: SubrequestClient) -> None:
    together = asyncio.Barrier(20)

    async def answer(_: Call, writer: asyncio.StreamWriter) -> None:
        await together.wait()
        writer.write(ok(b"all here"))

    async with upstream(answer) as server:
        responses = await asyncio.gather(*(get(client, server.url()) for _ in range(20)))
    assert {response.body for response in responses} == {b"all here"}


async def test_each_caller_gets_the_response_to_its_own_request(client: SubrequestClient) -> None:
    """A connection may have begun its next request before the last one's caller has looked."""

    async def echo(call: Call, writer: asyncio.StreamWriter) -> None:
        writer.write(ok(call.path.encode(), b"x-path: " + call.path.encode()))

    async with upstream(echo) as server:

        async def ask(caller: int) -> None:
            for turn in range(50):
                path = f"/{caller}/{turn}"
                response = await get(client, server.url(path))
                assert response.status == 200
                assert header(response.headers, "x-path") == path
                assert await read_all(response.body) == path.encode()

        await asyncio.gather(*(ask(caller) for caller in range(16)))


@pytest.mark.parametrize("status", [204, 304])
async def test_statuses_without_a_body(client: SubrequestClient, status: int) -> None:
    head = f"HTTP/1.1 {status} X\r\netag: y\r\n\r\n".encode()
    async with upstream(says(head)) as server:
        for _ in range(2):
            response = await get(client, server.url())
            assert (response.status, response.body) == (status, None)
    assert server.connections == 1


async def test_head_tells_the_length_of_what_it_does_not_send(client: SubrequestClient) -> None:
    async with upstream(says(b"HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\n")) as server:
        for _ in range(2):
            response = await client.fetch("HEAD", server.url(), [], None, "follow")
            assert response.body is None
            assert header(response.headers, "content-length") == "1000"
    assert server.connections == 1


async def test_an_empty_body_is_not_none(client: SubrequestClient) -> None:
    async with upstream(says(ok(b""))) as server:
        assert (await get(client, server.url())).body == b""


@pytest.mark.parametrize("coding", [b"gzip", b"br"])
async def test_content_codings_are_left_on(client: SubrequestClient, coding: bytes) -> None:
    data = gzip.compress(b"text")
    async with upstream(says(ok(data, b"content-encoding: " + coding))) as server:
        response = await get(client, server.url())
        assert await read_all(response.body) == data
        assert header(response.headers, "content-encoding") == coding.decode()
        assert header(response.headers, "content-length") == str(len(data))


async def test_header_values_that_are_not_ascii_do_not_spoil_the_others(
    client: SubrequestClient,
) -> None:
    async with upstream(says(ok(b"hi", b"x-odd: caf\xe9", b"x-plain: 1"))) as server:
        response = await get(client, server.url())
    assert response.body == b"hi"
    assert header(response.headers, "x-plain") == "1"


# --- Streams --------------------------------------------------------------------------------------


async def test_the_head_comes_before_the_body_has_ended(client: SubrequestClient) -> None:
    more = asyncio.Event()

    async def answer(_: Call, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n")
        writer.write(b"9\r\ndata: 1\n\n\r\n")
        await more.wait()
        writer.write(b"9\r\ndata: 2\n\n\r\n0\r\n\r\n")

    async with upstream(answer) as server:
        response = await asyncio.wait_for(get(client, server.url()), 60)
        assert response.body is not None
        assert not isinstance(response.body, bytes)
        assert response.body.length is None
        assert await asyncio.wait_for(response.body.read(), 60) == b"data: 1\n\n"
        more.set()
        assert await read_all(response.body) == b"data: 2\n\n"
        assert await response.body.read() == b""


async def test_a_body_that_nobody_reads_holds_the_upstream_back(client: SubrequestClient) -> None:
    sent = 0

    async def answer(_: Call, writer: asyncio.StreamWriter) -> None:
        nonlocal sent
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 100000000\r\n\r\n")
        for _ in range(100):
            writer.write(bytes(1_000_000))
            await writer.drain()
            sent += 1_000_000

    async with upstream(answer) as server:
        response = await get(client, server.url())
        await asyncio.sleep(0.3)
        assert sent < 30_000_000
        assert len(await read_all(response.body)) == 100_000_000


@pytest.mark.parametrize("length", [None, 300_000])
async def test_request_bodies_stream(client: SubrequestClient, length: int | None) -> None:
    body = Pieces(*[bytes([number]) * 100_000 for number in range(3)], length=length)
    async with upstream(says(ok(b"thanks"))) as server:
        response = await client.fetch("PUT", server.url(), [], body, "follow")
        assert response.body == b"thanks"
    (call,) = server.calls
    assert call.body == b"".join(bytes([number]) * 100_000 for number in range(3))
    assert call.headers.get("content-length") == (str(length) if length else None)
    assert body.discarded


async def test_both_ways_at_once(client: SubrequestClient) -> None:
    """An upstream that answers while it is still being sent to."""
    queue: asyncio.Queue[bytes] = asyncio.Queue()

    class Live:
        length = None

        async def read(self) -> bytes:
            return await queue.get()

        def discard(self) -> None: ...

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n")
        while size := int(await reader.readline(), 16):
            data = (await reader.readexactly(size + 2))[:-2].upper()
            writer.write(b"%x\r\n%s\r\n" % (len(data), data))
        writer.write(b"0\r\n\r\n")
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/"
    queue.put_nowait(b"first")
    response = await asyncio.wait_for(client.fetch("POST", url, [], Live(), "follow"), 60)
    assert response.body is not None
    assert not isinstance(response.body, bytes)
    assert await asyncio.wait_for(response.body.read(), 60) == b"FIRST"
    queue.put_nowait(b"second")
    assert await asyncio.wait_for(response.body.read(), 60) == b"SECOND"
    queue.put_nowait(b"")
    assert await read_all(response.body) == b""
    server.close()


# --- What goes wrong ------------------------------------------------------------------------------


async def test_nobody_listens(client: SubrequestClient) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{unused.getsockname()[1]}/"
        with pytest.raises(SubrequestError, match=r"Network connection lost.*refused") as caught:
            await get(client, url)
    assert caught.value.name == "TypeError"


async def test_a_name_that_does_not_resolve(client: SubrequestClient) -> None:
    with pytest.raises(SubrequestError, match="Network connection lost"):
        await get(client, "http://nowhere.invalid/")


@pytest.mark.parametrize("url", ["http://", "http://[::1", "nonsense", "ftp://h/"])
async def test_urls_that_lead_nowhere(client: SubrequestClient, url: str) -> None:
    with pytest.raises(SubrequestError):
        await get(client, url)


@pytest.mark.parametrize("answer", [b"", b"HTTP/1.1 200", b"no HTTP at all\r\n\r\n"])
async def test_no_response_at_all(client: SubrequestClient, answer: bytes) -> None:
    async with upstream(says(answer, close=True)) as server:
        with pytest.raises(SubrequestError, match="Network connection lost"):
            await get(client, server.url())


async def test_a_long_body_that_breaks_off(client: SubrequestClient) -> None:
    head = b"HTTP/1.1 200 OK\r\ncontent-length: 1000000\r\n\r\n"
    async with upstream(says(head, b"x" * 1000, close=True)) as server:
        response = await get(client, server.url())
        with pytest.raises(BodyError, match="Network connection lost"):
            await read_all(response.body)
        assert response.body is not None
        assert not isinstance(response.body, bytes)
        with pytest.raises(BodyError):  # nor does a second look make it whole
            await response.body.read()


async def test_a_chunked_body_that_breaks_off(client: SubrequestClient) -> None:
    head = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhello\r\n"
    async with upstream(says(head, close=True)) as server:
        response = await get(client, server.url())
        with pytest.raises(BodyError):
            await read_all(response.body)


async def test_a_short_body_that_breaks_off(client: SubrequestClient) -> None:
    """It would have come along with the head, but the head is not to blame."""
    head = b"HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\n123"
    async with upstream(says(head, close=True)) as server:
        response = await get(client, server.url())
        with pytest.raises(BodyError, match="Network connection lost"):
            await read_all(response.body)


async def test_a_request_body_that_breaks_off(client: SubrequestClient) -> None:
    class Broken(Pieces):
        async def read(self) -> bytes:
            if self.read_so_far:
                raise BodyError("The client disconnected.")
            return await super().read()

    body = Broken(b"some")
    async with upstream(says(ok(b""))) as server:
        with pytest.raises(SubrequestError, match=r"The client disconnected\."):
            await asyncio.wait_for(client.fetch("POST", server.url(), [], body, "follow"), 60)
        await asyncio.wait_for(server.lost.wait(), 60)
    assert not server.calls
    assert body.discarded


@contextlib.asynccontextmanager
async def silent_upstream(first: bytes) -> AsyncIterator[tuple[str, asyncio.Event, asyncio.Event]]:
    """Sends `first` and no more. Its URL, whether it was asked, and whether the client is gone."""
    asked, gone = asyncio.Event(), asyncio.Event()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(first)
        asked.set()
        with contextlib.suppress(asyncio.CancelledError, ConnectionError):
            while await reader.read(65536):
                pass
            gone.set()
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/", asked, gone
    server.close()


async def cancel(task: asyncio.Task[UpstreamResponse]) -> None:
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_cancelling_before_the_head_closes_the_connection(client: SubrequestClient) -> None:
    async with silent_upstream(b"") as (url, asked, gone):
        fetching = asyncio.create_task(get(client, url))
        await asyncio.wait_for(asked.wait(), 60)
        await cancel(fetching)
        await asyncio.wait_for(gone.wait(), 60)


async def test_the_head_does_not_wait_for_a_short_body_that_dawdles(
    client: SubrequestClient,
) -> None:
    async with silent_upstream(b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\n1") as (url, _, gone):
        body = (await asyncio.wait_for(get(client, url), 60)).body
        assert body is not None
        assert not isinstance(body, bytes)
        assert await body.read() == b"1"
        body.discard()
        await asyncio.wait_for(gone.wait(), 60)


async def test_cancelling_an_upload_breaks_it_off(client: SubrequestClient) -> None:
    """The upstream must not take what it has got for the whole."""

    class Stalled:
        length = None

        def __init__(self) -> None:
            self._first = True
            self._discarded = asyncio.Event()

        async def read(self) -> bytes:
            if self._first:
                self._first = False
                return b"part"
            await self._discarded.wait()
            return b""

        def discard(self) -> None:
            self._discarded.set()

    async with upstream(says(ok(b""))) as server:
        fetching = asyncio.create_task(client.fetch("POST", server.url(), [], Stalled(), "follow"))
        await asyncio.sleep(0.1)
        await cancel(fetching)
        await asyncio.wait_for(server.lost.wait(), 60)
    assert server.connections == 1
    assert not server.calls


@pytest.mark.parametrize("reading", [False, True], ids=["idle", "while it is being read"])
async def test_discarding_a_body_closes_the_connection(
    client: SubrequestClient, reading: bool
) -> None:
    first = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n3\r\none\r\n"
    async with silent_upstream(first) as (url, _, gone):
        body = (await get(client, url)).body
        assert body is not None
        assert not isinstance(body, bytes)
        assert await body.read() == b"one"
        read = asyncio.create_task(body.read()) if reading else None
        await asyncio.sleep(0.05)
        body.discard()
        if read is not None:
            # Whoever waits for more is not left waiting.
            assert await asyncio.wait_for(read, 60) == b""
        await asyncio.wait_for(gone.wait(), 60)
        assert await body.read() == b""
        body.discard()


# --- Redirects (Fetch §4.4) -----------------------------------------------------------------------


def redirects(status: int, to: str) -> Answer:
    async def answer(call: Call, writer: asyncio.StreamWriter) -> None:
        if call.path == "/":
            head = f"HTTP/1.1 {status} Moved\r\nlocation: {to}\r\ncontent-length: 0\r\n\r\n"
            writer.write(head.encode())
        else:
            writer.write(ok(call.path.encode()))

    return answer


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize("method", ["GET", "HEAD", "POST", "PUT"])
async def test_method_and_body_after_a_redirect(
    client: SubrequestClient, status: int, method: str
) -> None:
    body = b"body" if method in ("POST", "PUT") else None
    headers = ["content-type", "text/x", "x-mine", "1", "authorization", "secret"]
    async with upstream(redirects(status, "/next?q")) as server:
        response = await client.fetch(method, server.url(), headers, body, "follow")
    assert response.redirected
    assert response.url == server.url("/next?q")
    becomes_get = (status in (301, 302) and method == "POST") or (
        status == 303 and method in ("POST", "PUT")
    )
    call = server.calls[1]
    assert call.method == ("GET" if becomes_get else method)
    assert call.body == (b"" if becomes_get or body is None else body)
    assert ("content-type" in call.headers) == (not becomes_get)
    assert call.headers["x-mine"] == "1"
    assert call.headers["authorization"] == "secret"  # the same origin


async def test_the_default_port_is_no_other_origin() -> None:
    _, _, headers, _ = redirected(
        302, "http://h:80/b", "GET", "http://h/a", ["authorization", "secret"], None
    )
    assert headers == ["authorization", "secret"]


async def test_credentials_stay_with_their_origin(client: SubrequestClient) -> None:
    headers = ["authorization", "secret", "cookie", "a=b", "proxy-authorization", "p", "x", "y"]
    async with upstream(says(ok(b"other"))) as other:
        async with upstream(redirects(307, other.url("/x"))) as server:
            response = await client.fetch("GET", server.url(), headers, None, "follow")
        assert response.body == b"other"
        assert "authorization" in server.calls[0].headers
        assert (
            not {"authorization", "cookie", "proxy-authorization"} & other.calls[0].headers.keys()
        )
        assert other.calls[0].headers["x"] == "y"


@pytest.mark.parametrize("status", [301, 307])
async def test_manual_gives_the_redirect_itself(client: SubrequestClient, status: int) -> None:
    async with upstream(redirects(status, "/next")) as server:
        response = await get(client, server.url(), redirect="manual")
    assert response.status == status
    assert header(response.headers, "location") == "/next"
    assert not response.redirected
    assert len(server.calls) == 1


async def test_error_refuses_redirects(client: SubrequestClient) -> None:
    async with upstream(redirects(302, "/next")) as server:
        with pytest.raises(SubrequestError, match="Unexpected redirect"):
            await get(client, server.url(), redirect="error")
    async with upstream(says(b"HTTP/1.1 302 Found\r\ncontent-length: 0\r\n\r\n")) as server:
        with pytest.raises(SubrequestError, match="Unexpected redirect"):
            await get(client, server.url(), redirect="error")


async def test_a_redirect_without_a_location_is_a_response(client: SubrequestClient) -> None:
    async with upstream(says(b"HTTP/1.1 302 Found\r\ncontent-length: 0\r\n\r\n")) as server:
        assert (await get(client, server.url())).status == 302


async def test_twenty_redirects_and_no_more(client: SubrequestClient) -> None:
    async def answer(call: Call, writer: asyncio.StreamWriter) -> None:
        left = int(call.path[1:])
        if left == 0:
            writer.write(ok(b"arrived"))
        else:
            writer.write(f"HTTP/1.1 302 X\r\nlocation: {left - 1}\r\n\r\n".encode())
            writer.close()

    async with upstream(answer) as server:
        response = await get(client, server.url(f"/{MAX_REDIRECTS}"))
        assert response.body == b"arrived"
        with pytest.raises(SubrequestError, match=r"Too many redirects\."):
            await get(client, server.url(f"/{MAX_REDIRECTS + 1}"))


async def test_a_streamed_body_can_not_be_sent_twice(client: SubrequestClient) -> None:
    body = Pieces(b"once")
    async with upstream(redirects(307, "/next")) as server:
        with pytest.raises(SubrequestError, match="one-time-use body"):
            await client.fetch("POST", server.url(), [], body, "follow")
    async with upstream(redirects(303, "/next")) as server:
        response = await client.fetch("POST", server.url(), [], Pieces(b"once"), "follow")
    assert response.body == b"/next"


@pytest.mark.parametrize("to", ["ftp://h/", "data:,x", "http://[::1", "http://h:99999/", "http:"])
async def test_redirects_that_lead_nowhere(client: SubrequestClient, to: str) -> None:
    async with upstream(redirects(302, to)) as server:
        with pytest.raises(SubrequestError):
            await get(client, server.url())


async def test_the_fragment_stays_at_home(client: SubrequestClient) -> None:
    async with upstream(redirects(302, "/next")) as server:
        response = await get(client, server.url("/#part"))
    assert server.calls[1].path == "/next"
    assert response.url == server.url("/next")  # Response.url has none (Fetch §2.2.6)
