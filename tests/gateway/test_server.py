"""Holds granian to what gateway/server.py says of it."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import httpx
import pytest
import trustme

from edgewright.gateway.asgi import ASGIApp, Receive, Scope, Send
from edgewright.gateway.server import (
    MAX_HEADERS,
    ServerError,
    Tls,
    serve_asgi,
)


async def respond(
    send: Send, body: bytes, headers: list[tuple[bytes, bytes]] | None = None
) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": headers or []})
    await send({"type": "http.response.body", "body": body, "more_body": False})


@contextlib.asynccontextmanager
async def served(
    app: ASGIApp, *, tls: Tls | None = None, drain: float = 5.0
) -> AsyncIterator[tuple[int, Callable[[], Awaitable[None]]]]:
    """The port, and a function that stops the server and waits for its end."""
    listener = socket.create_server(("127.0.0.1", 0), backlog=128)
    port: int = listener.getsockname()[1]
    stop = asyncio.Event()
    task = asyncio.create_task(serve_asgi(app, listener, stop, tls=tls, drain=drain))

    async def stopped() -> None:
        stop.set()
        await task

    try:
        yield port, stopped
    finally:
        await stopped()


async def raw(port: int, request: bytes) -> bytes:
    """What the server answers to these very bytes, up to the end of the connection."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(request)
    try:
        return await asyncio.wait_for(reader.read(), 60)
    finally:
        writer.close()


def recorder(scopes: list[Scope]) -> ASGIApp:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        scopes.append(scope)
        await respond(send, b"hello")

    return app


def run(main: Awaitable[None]) -> None:
    async def bounded() -> None:
        await asyncio.wait_for(main, 20)

    asyncio.run(bounded())


def test_http1_keeps_the_bytes_of_path_query_and_headers() -> None:
    async def main() -> None:
        scopes: list[Scope] = []
        async with served(recorder(scopes)) as (port, _):
            answer = await raw(
                port,
                b"GET /a%2Fb/%E4/..%2e?q=%20+x HTTP/1.1\r\nHost: h\r\nX-Odd: caf\xe9\r\n"
                b"X-Two: 1\r\nX-Two: 2\r\nConnection: close\r\n\r\n",
            )
        assert answer.startswith(b"HTTP/1.1 200 OK\r\n")
        assert answer.endswith(b"\r\n\r\nhello")
        assert scopes[0]["raw_path"] == b"/a%2Fb/%E4/..%2e"
        assert scopes[0]["query_string"] == b"q=%20+x"
        headers = list(scopes[0]["headers"])
        assert (b"x-odd", b"caf\xe9") in headers
        assert [value for name, value in headers if name == b"x-two"] == [b"1", b"2"]

    run(main())


def test_response_headers_repeat_and_keep_their_bytes() -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await respond(
            send,
            b"",
            [(b"set-cookie", b"a"), (b"set-cookie", b"b"), (b"x-odd", b"\xe9"), (b"server", b"s")],
        )

    async def main() -> None:
        async with served(app) as (port, _):
            answer = await raw(port, b"GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n")
        lines = answer.split(b"\r\n")
        assert [line for line in lines if line.startswith(b"set-cookie")] == [
            b"set-cookie: a",
            b"set-cookie: b",
        ]
        assert b"x-odd: \xe9" in lines
        assert b"server: s" in lines
        assert not any(b"granian" in line for line in lines)

    run(main())


def test_http2_without_tls_by_prior_knowledge() -> None:
    async def main() -> None:
        scopes: list[Scope] = []
        async with (
            served(recorder(scopes)) as (port, _),
            httpx.AsyncClient(http1=False, http2=True, timeout=30) as client,
        ):
            response = await client.get(f"http://127.0.0.1:{port}/a%2Fb")
        assert response.http_version == "HTTP/2"
        assert response.text == "hello"
        assert scopes[0]["http_version"] == "2"
        assert scopes[0]["raw_path"] == b"/a%2Fb"

    run(main())


@pytest.fixture
def tls(tmp_path: Path) -> tuple[Tls, ssl.SSLContext]:
    """What the server needs, and what a client needs to trust it."""
    authority = trustme.CA()
    issued = authority.issue_cert("127.0.0.1", "localhost")
    cert, key = tmp_path / "cert.pem", tmp_path / "key.pem"
    issued.private_key_pem.write_to_path(key)
    for blob in issued.cert_chain_pems:
        blob.write_to_path(cert, append=True)
    trust = ssl.create_default_context()
    authority.configure_trust(trust)
    return Tls(cert, key), trust


@pytest.mark.parametrize(("http2", "version"), [(False, "HTTP/1.1"), (True, "HTTP/2")])
def test_tls_negotiates_the_protocol(
    tls: tuple[Tls, ssl.SSLContext], http2: bool, version: str
) -> None:
    async def main() -> None:
        scopes: list[Scope] = []
        async with (
            served(recorder(scopes), tls=tls[0]) as (port, _),
            httpx.AsyncClient(http2=http2, verify=tls[1], timeout=30) as client,
        ):
            response = await client.get(f"https://127.0.0.1:{port}/")
        assert response.http_version == version
        assert scopes[0]["scheme"] == "https"

    run(main())


def test_tls_1_2_is_spoken(tls: tuple[Tls, ssl.SSLContext]) -> None:
    tls[1].maximum_version = ssl.TLSVersion.TLSv1_2

    async def main() -> None:
        async with (
            served(recorder([]), tls=tls[0]) as (port, _),
            httpx.AsyncClient(verify=tls[1], timeout=30) as client,
        ):
            assert (await client.get(f"https://127.0.0.1:{port}/")).status_code == 200

    run(main())


def test_tls_files_that_are_no_use(tls: tuple[Tls, ssl.SSLContext], tmp_path: Path) -> None:
    with pytest.raises(ServerError, match=r"cannot read the TLS certificate .*: No such file"):
        Tls(tmp_path / "missing.pem", tls[0].key).check()
    other = tmp_path / "other.pem"
    trustme.CA().issue_cert("x.test").private_key_pem.write_to_path(other)
    with pytest.raises(ServerError, match="cannot be used together"):
        Tls(tls[0].cert, other).check()
    noise = tmp_path / "noise.pem"
    noise.write_text("no PEM")
    with pytest.raises(ServerError, match="cannot be used together"):
        Tls(noise, noise).check()


def test_a_slow_reader_makes_send_wait() -> None:
    chunk = b"x" * 65_536
    sent = 0

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        nonlocal sent
        await send({"type": "http.response.start", "status": 200, "headers": []})
        for _ in range(1024):
            await send({"type": "http.response.body", "body": chunk, "more_body": True})
            sent += 1
        await send({"type": "http.response.body", "body": b"", "more_body": False})

    async def main() -> None:
        async with served(app) as (port, _):
            reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=65_536)
            writer.write(b"GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n")
            await asyncio.sleep(0.5)
            # What the sockets' buffers hold is gone already; 64 MiB are far more than that.
            stalled = sent
            assert stalled < 512
            await asyncio.sleep(0.3)
            assert sent == stalled
            total = 0
            while data := await reader.read(1 << 20):
                total += len(data)
            assert total > 1024 * len(chunk)
            writer.close()

    run(main())


def test_a_client_that_leaves_is_told_by_receive() -> None:
    seen: list[str] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        while True:
            message = await receive()
            seen.append(message["type"])
            if message["type"] == "http.disconnect":
                return

    async def main() -> None:
        async with served(app) as (port, _):
            _, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(b"GET / HTTP/1.1\r\nHost: h\r\n\r\n")
            await asyncio.sleep(0.2)
            writer.close()
            await asyncio.sleep(0.3)
        assert seen == ["http.request", "http.disconnect"]

    run(main())


def slow_app(seconds: float) -> ASGIApp:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"begun ", "more_body": True})
        await asyncio.sleep(seconds)
        await send({"type": "http.response.body", "body": b"finished", "more_body": False})

    return app


def test_drain_lets_a_response_finish_and_refuses_connections() -> None:
    async def main() -> None:
        async with served(slow_app(1)) as (port, stopped):
            request = asyncio.create_task(raw(port, b"GET / HTTP/1.1\r\nHost: h\r\n\r\n"))
            await asyncio.sleep(0.3)
            stopping = asyncio.ensure_future(stopped())
            await asyncio.sleep(0.1)
            with pytest.raises(ConnectionRefusedError):
                await asyncio.open_connection("127.0.0.1", port)
            assert b"finished" in await request
            await stopping

    run(main())


def test_drain_ends_at_its_deadline() -> None:
    async def main() -> None:
        clock = asyncio.get_running_loop().time
        async with served(slow_app(60), drain=0.3) as (port, stopped):
            request = asyncio.create_task(raw(port, b"GET / HTTP/1.1\r\nHost: h\r\n\r\n"))
            await asyncio.sleep(0.2)
            start = clock()
            await stopped()
            assert 0.2 < clock() - start < 20
            request.cancel()

    run(main())


def test_drain_does_not_wait_for_idle_connections() -> None:
    async def main() -> None:
        clock = asyncio.get_running_loop().time
        async with served(recorder([])) as (port, stopped):
            _, never_used = await asyncio.open_connection("127.0.0.1", port)
            async with httpx.AsyncClient(timeout=60) as client:
                await client.get(f"http://127.0.0.1:{port}/")
                start = clock()
                await stopped()
                assert clock() - start < 2
            never_used.close()

    run(main())


def head(size: int) -> bytes:
    return b"GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\nX: " + b"a" * size + b"\r\n\r\n"


def test_limit_of_request_headers() -> None:
    async def main() -> None:
        async with served(recorder([])) as (port, _):
            assert b" 200 " in (await raw(port, head(MAX_HEADERS - 1024))).split(b"\r\n")[0]
            assert b" 431 " in (await raw(port, head(MAX_HEADERS + 1024))).split(b"\r\n")[0]

    run(main())


def test_limit_of_request_headers_in_http2() -> None:
    async def main() -> None:
        async with (
            served(recorder([])) as (port, _),
            httpx.AsyncClient(http1=False, http2=True, timeout=30) as client,
        ):
            url = f"http://127.0.0.1:{port}/"
            small: dict[str, Any] = {"x": "a" * 32 * 1024}
            assert (await client.get(url, headers=small)).status_code == 200
            with contextlib.suppress(httpx.RemoteProtocolError):
                response = await client.get(url, headers={"x": "a" * (MAX_HEADERS + 1024)})
                assert response.status_code == 431

    run(main())


def test_limit_of_the_url() -> None:
    async def main() -> None:
        async with served(recorder([])) as (port, _):
            tail = b" HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n"
            assert b" 200 " in (await raw(port, b"GET /" + b"a" * 32_000 + tail)).split(b"\r\n")[0]
            assert b" 414 " in (await raw(port, b"GET /" + b"a" * 70_000 + tail)).split(b"\r\n")[0]

    run(main())
