"""Requests that two servers could understand differently, and bytes that are none: one server in
front of this one may see one request where this one saw two, and whose is the second?

RFC 9112 §6.3 and §11.2; the variants are those of the literature on request smuggling.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import ssl
from collections.abc import AsyncGenerator
from pathlib import Path

import pytest
import trustme
from fuzzing import run, search
from hypothesis import given
from hypothesis import strategies as st

from edgewright.config.limits import Limits
from edgewright.gateway.dispatch import Answer
from edgewright.gateway.http1 import Http1Server
from edgewright.gateway.server import Tls, serve
from edgewright.messages import BodyError, Request, Response, read_all

HIDDEN = b"GET /hidden HTTP/1.1\r\nHost: h\r\n\r\n"


class Under:
    def __init__(self, task: asyncio.Task[None]) -> None:
        self._task = task

    def client_gone(self) -> None:
        self._task.cancel()

    def body_too_large(self) -> None:
        self._task.cancel()


class Seen:
    """A Handler that remembers what it was asked for."""

    limits = Limits()

    def __init__(self) -> None:
        self.requests: list[tuple[str, bytes | None]] = []

    @property
    def paths(self) -> list[str]:
        return [path for path, _ in self.requests]

    def start(self, request: Request, answer: Answer) -> Under:
        return Under(asyncio.get_running_loop().create_task(self._answer(request, answer)))

    async def _answer(self, request: Request, answer: Answer) -> None:
        try:
            body = await read_all(request.body)
        except BodyError:
            body = None
        self.requests.append((request.url.partition("://")[2].partition("/")[2], body))
        answer(Response(200, [], b"well"))

    def page(self, status: int, headers: list[tuple[bytes, bytes]]) -> Response:
        return Response(status, [], b"refused")


def post(*lines: bytes, body: bytes = b"") -> bytes:
    return b"\r\n".join([b"POST /shown HTTP/1.1", b"Host: h", *lines, b"", body])


def chunked(body: bytes, line: bytes = b"Transfer-Encoding: chunked") -> bytes:
    return post(line, body=body + HIDDEN)


CL = b"Content-Length: %d" % len(HIDDEN)
TE = b"Transfer-Encoding: chunked"
END = b"0\r\n\r\n"
OLD = post(TE, b"Content-Length: 5", body=END + HIDDEN).replace(b"1.1", b"1.0", 1)
AMBIGUOUS: dict[str, bytes] = {
    "two lengths": post(b"Content-Length: 0", CL, body=HIDDEN),
    "two lengths the other way round": post(CL, b"Content-Length: 0", body=HIDDEN),
    "two lengths in one": post(b"Content-Length: 0, %d" % len(HIDDEN), body=HIDDEN),
    "length and chunks": post(b"Content-Length: 4", TE, body=END + HIDDEN),
    "chunks and length": post(TE, CL, body=END + HIDDEN),
    "a signed length": post(b"Content-Length: +0", body=HIDDEN),
    "a negative length": post(b"Content-Length: -1", body=HIDDEN),
    "a length in hex": post(b"Content-Length: 0x0", body=HIDDEN),
    "a length of many digits": post(b"Content-Length: " + b"9" * 40, body=HIDDEN),
    "an empty length": post(b"Content-Length:", body=HIDDEN),
    "a length of two words": post(b"Content-Length: 0 0", body=HIDDEN),
    "chunked and something else": post(TE, b"Transfer-Encoding: identity", body=END + HIDDEN),
    "chunked is not the last": chunked(END, b"Transfer-Encoding: chunked, gzip"),
    "nearly chunked": chunked(END, b"Transfer-Encoding: xchunked"),
    "a vertical tab before chunked": chunked(END, b"Transfer-Encoding: \x0bchunked"),
    "a space before the colon": chunked(END, b"Transfer-Encoding : chunked"),
    "a folded line": chunked(END, b"Transfer-Encoding:\r\n chunked"),
    "a space before a name": chunked(END, b" Transfer-Encoding: chunked"),
    "a bare carriage return": post(b"X: a\rContent-Length: 0", CL, body=HIDDEN),
    "a NUL": post(b"X: a\0", CL, body=HIDDEN),
    "a chunk's size with a sign": chunked(b"-0\r\n\r\n"),
    "a chunk's size in C": chunked(b"0x0\r\n\r\n"),
    "a chunk's size of many digits": chunked(b"1" + b"0" * 16 + b"\r\n"),
    "a chunk that is longer than it says": chunked(b"1\r\nab\r\n" + END),
    "a chunk's size ended by a line feed": chunked(b"0\n\r\n"),
    "chunks in HTTP/1.0": OLD,
    "HTTP/0.9": b"GET /shown\r\n\r\n" + HIDDEN,
    "HTTP/1.9": b"GET /shown HTTP/1.9\r\n\r\n" + HIDDEN,
    "spaces in the target": b"GET /shown /hidden HTTP/1.1\r\nHost: h\r\n\r\n" + HIDDEN,
    "two hosts": b"GET /shown HTTP/1.1\r\nHost: h\r\nHost: i\r\n\r\n",
}


def test_what_is_not_ambiguous_is_answered() -> None:
    async def main() -> None:
        seen = Seen()
        async with plain(seen) as port:
            await exchange(post(TE, body=END) + HIDDEN, "127.0.0.1", port)
        assert seen.requests == [("shown", b""), ("hidden", b"")]

    run(main)


@pytest.mark.parametrize("data", AMBIGUOUS.values(), ids=AMBIGUOUS.keys())
def test_what_is_ambiguous_is_refused(data: bytes) -> None:
    async def main() -> None:
        seen = Seen()
        async with plain(seen) as port:
            answer = await exchange(data, "127.0.0.1", port)
        assert "hidden" not in seen.paths
        assert answer.startswith(b"HTTP/1.1 400 ") or seen.requests in ([], [("shown", None)])
        assert answer.count(b"HTTP/1.1 200") == 0

    run(main)


@pytest.fixture(scope="module")
def tls(tmp_path_factory: pytest.TempPathFactory) -> tuple[Tls, ssl.SSLContext]:
    folder: Path = tmp_path_factory.mktemp("tls")
    authority = trustme.CA()
    certificate = authority.issue_cert("localhost")
    certificate.cert_chain_pems[0].write_to_path(folder / "cert.pem")
    certificate.private_key_pem.write_to_path(folder / "key.pem")
    context = ssl.create_default_context()
    authority.configure_trust(context)
    return Tls(folder / "cert.pem", folder / "key.pem"), context


@pytest.mark.parametrize("data", AMBIGUOUS.values(), ids=AMBIGUOUS.keys())
def test_over_tls_nothing_is_hidden_either(tls: tuple[Tls, ssl.SSLContext], data: bytes) -> None:
    async def main() -> None:
        seen = Seen()
        listener = socket.create_server(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        stop = asyncio.Event()
        serving = asyncio.create_task(serve(seen, listener, stop, tls=tls[0], drain=0.2))
        try:
            await exchange(data, "localhost", port, tls[1])
        finally:
            stop.set()
            await serving
        assert "hidden" not in seen.paths

    run(main)


pieces = st.sampled_from(
    [
        b"GET /a HTTP/1.1\r\n",
        b"POST /b HTTP/1.1\r\n",
        b"HEAD * HTTP/1.0\r\n",
        b"Host: h\r\n",
        b"Content-Length: 5\r\n",
        b"Content-Length: 0\r\n",
        b"Transfer-Encoding: chunked\r\n",
        b"Expect: 100-continue\r\n",
        b"Connection: close\r\n",
        b"Upgrade: h2c\r\n",
        b"\r\n",
        b"\n",
        b"0\r\n\r\n",
        b"5\r\nhello\r\n",
        b"ffffffffffffffff\r\n",
        b"hello",
        b"\0",
        b"GET http://h/ HTTP/1.1\r\n",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        b"\x16\x03\x01",
        b"X: " + b"y" * 70_000 + b"\r\n",
    ]
)


@search
@given(st.lists(st.one_of(pieces, pieces, st.binary(max_size=20)), max_size=12), st.booleans())
def test_whatever_a_client_sends_the_next_one_is_served(said: list[bytes], at_once: bool) -> None:
    async def main() -> None:
        seen = Seen()
        async with plain(seen) as port:
            await exchange(b"".join(said), "127.0.0.1", port, pieces=None if at_once else said)
            answer = await exchange(
                b"GET /next HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n", "127.0.0.1", port
            )
        assert answer.endswith(b"\r\n\r\nwell")
        assert seen.paths[-1] == "next"

    run(main)


@contextlib.asynccontextmanager
async def plain(seen: Seen) -> AsyncGenerator[int]:
    server = Http1Server(seen, max_connections=10)
    listener = socket.create_server(("127.0.0.1", 0))
    await server.start(listener)
    try:
        yield listener.getsockname()[1]
    finally:
        await server.close()


async def exchange(
    data: bytes,
    host: str,
    port: int,
    context: ssl.SSLContext | None = None,
    *,
    pieces: list[bytes] | None = None,
) -> bytes:
    """What comes back until the server closes the connection, or says no more."""
    reader, writer = await asyncio.open_connection(host, port, ssl=context)
    answer = b""
    with contextlib.suppress(OSError):
        for piece in pieces or [data]:
            writer.write(piece)
            await writer.drain()
            if pieces:
                await asyncio.sleep(0)
        with contextlib.suppress(TimeoutError):
            while more := await asyncio.wait_for(reader.read(1 << 16), 0.3):
                answer += more
    writer.close()
    return answer
