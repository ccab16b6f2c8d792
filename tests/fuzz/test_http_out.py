"""Upstreams are not trusted either, and a Worker's request must be one request to them."""

from __future__ import annotations

import asyncio
import contextlib
import gzip
from collections.abc import AsyncGenerator, Callable

import pytest
from fuzzing import given_up_on, run, search
from hypothesis import given
from hypothesis import strategies as st

from edgewright.messages import BodyError, read_all
from edgewright.subrequest.client import SubrequestClient
from edgewright.subrequest.upstream import SubrequestError

pieces = st.sampled_from(
    [
        b"HTTP/1.1 200 OK\r\n",
        b"HTTP/1.0 200\r\n",
        b"HTTP/1.1 204 \r\n",
        b"HTTP/1.1 304 x\r\n",
        b"HTTP/1.1 100 Continue\r\n\r\n",
        b"HTTP/1.1 101 x\r\nUpgrade: x\r\n\r\n",
        b"HTTP/1.1 999 x\r\n",
        b"HTTP/1.1 302 x\r\nLocation: http://[\r\n",
        b"HTTP/1.1 301 x\r\nLocation: ?\xff\r\n",
        b"Content-Length: 5\r\n",
        b"Content-Length: 50\r\n",
        b"Content-Length: 5, 5\r\n",
        b"Transfer-Encoding: chunked\r\n",
        b"Transfer-Encoding: gzip\r\n",
        b"Content-Encoding: gzip\r\n",
        b"Connection: close\r\n",
        b"Connection: upgrade\r\n",
        b"\r\n",
        b"\r\n",
        b"hello",
        b"5\r\nhello\r\n",
        b"0\r\n\r\n",
        b"fffffffffffffffff\r\n",
        b"-1\r\n",
        gzip.compress(b"x"),
        b"\0",
        b"X: " + b"y" * 140_000 + b"\r\n",
        b"set-cookie: a\r\n",
    ]
)
methods = st.sampled_from(["GET", "HEAD", "POST"])


@search
@given(st.lists(st.one_of(pieces, pieces, st.binary(max_size=20)), max_size=12), methods)
def test_whatever_an_upstream_answers_is_a_response_or_a_failure(
    said: list[bytes], method: str
) -> None:
    async def main() -> None:
        async with answering(lambda _: b"".join(said)) as (url, _), connected() as client:
            fetch = client.fetch(method, url, [], b"b" if method == "POST" else None, "follow")
            response = await given_up_on(fetch, SubrequestError)
            if response is None:
                return
            assert len(response.headers) % 2 == 0
            for text in response.headers:
                assert not set("\r\n\0") & set(text)
            await given_up_on(read_all(response.body), BodyError)

    run(main)


@pytest.mark.parametrize(
    "more",
    [
        b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\npoison",
        b"poison",
        b"\r\nHTTP/1.1 200 OK\r\n\r\n",
    ],
)
def test_what_follows_a_response_is_never_the_answer_to_another_request(more: bytes) -> None:
    async def main() -> None:
        def answer(request: bytes) -> bytes:
            path = request.split()[1]
            return b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(path), path) + more

        async with answering(answer, keep=True) as (url, _), connected() as client:
            for path in ("one", "two", "three"):
                response = await client.fetch("GET", url + path, [], None, "follow")
                assert await read_all(response.body) == f"/{path}".encode()

    run(main)


SMUGGLED: dict[str, tuple[str, str, list[str]]] = {
    "a line in a value": ("GET", "/", ["x", "a\r\nTransfer-Encoding: chunked"]),
    "a carriage return in a value": ("GET", "/", ["x", "a\rb"]),
    "a NUL in a value": ("GET", "/", ["x", "a\0b"]),
    "a line in a name": ("GET", "/", ["x: a\r\ny", "b"]),
    "a space in a name": ("GET", "/", ["transfer-encoding ", "chunked"]),
    "a name with a colon": ("GET", "/", ["x:y", "b"]),
    "an empty name": ("GET", "/", ["", "b"]),
    "the connection's own in capitals": ("GET", "/", ["Transfer-Encoding", "chunked"]),
    "a length in capitals": ("POST", "/", ["Content-Length", "0"]),
    "a line in the method": ("GET / HTTP/1.1\r\nx: y\r\n\r\nGET", "/", []),
    "a tunnel": ("CONNECT", "/", []),
    "a line in the path": ("GET", "/ HTTP/1.1\r\nx: y\r\n\r\nGET /", []),
    "a space in the path": ("GET", "/ HTTP/1.0", []),
    "too many headers": ("GET", "/", ["x", "y" * 140_000]),
}


@pytest.mark.parametrize(("method", "path", "headers"), SMUGGLED.values(), ids=SMUGGLED.keys())
def test_nothing_is_smuggled_to_an_upstream(method: str, path: str, headers: list[str]) -> None:
    async def main() -> None:
        async with answering(lambda _: b"") as (url, asked), connected() as client:
            with pytest.raises(SubrequestError):
                await client.fetch(method, url.removesuffix("/") + path, headers, b"", "follow")
            assert not asked

    run(main)


@pytest.mark.parametrize("name", ["content-length", "transfer-encoding", "connection", "host"])
def test_what_is_the_connections_own_is_not_the_workers_to_say(name: str) -> None:
    async def main() -> None:
        answer = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"
        async with answering(lambda _: answer) as (url, asked), connected() as client:
            await client.fetch("POST", url, [name, "evil"], b"body", "follow")
        assert b"evil" not in asked[0]

    run(main)


@contextlib.asynccontextmanager
async def connected() -> AsyncGenerator[SubrequestClient]:
    client = SubrequestClient()
    try:
        yield client
    finally:
        await client.close()


@contextlib.asynccontextmanager
async def answering(
    answer: Callable[[bytes], bytes], *, keep: bool = False
) -> AsyncGenerator[tuple[str, list[bytes]]]:
    """An upstream, and what it was asked. Its connections end with their first answer unless it
    keeps them."""
    asked: list[bytes] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError, asyncio.IncompleteReadError):
            while True:
                asked.append(await reader.readuntil(b"\r\n\r\n"))
                writer.write(answer(asked[-1]))
                await writer.drain()
                if not keep:
                    break
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    try:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/", asked
    finally:
        server.close()
