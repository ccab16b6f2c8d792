"""connect() of cloudflare:sockets, to real servers."""

from __future__ import annotations

import asyncio
import socket
import ssl
import struct
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import trustme

from edgewright.subrequest import dial
from edgewright.worker import WorkerException
from tests.support.running import Run, Running, eventually

TCP = Path(__file__).parent / "sockets" / "tcp.js"


class Server:
    """Answers lines in capitals, or does what they say."""

    def __init__(self) -> None:
        self.port = 0
        self.secure: ssl.SSLContext | None = None
        self.open = 0
        self.received = 0

    async def __call__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.open += 1
        try:
            await self._talk(reader, writer)
        except ConnectionError:
            pass  # a client may leave as it likes
        finally:
            self.open -= 1
            writer.close()

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        async for line in reader:
            self.received += len(line)
            match line.split():
                case [b"send", size]:
                    for _ in range(int(size) // 1000):
                        writer.write(b"x" * 1000)
                        await writer.drain()
                    return
                case [b"bye"]:
                    writer.write(b"good bye")
                    return
                case [b"abort"]:
                    connection = writer.get_extra_info("socket")
                    linger = struct.pack("ii", 1, 0)
                    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
                    writer.transport.abort()
                    return
                case [b"pause"]:
                    await asyncio.sleep(3)
                    return
                case [b"starttls"]:
                    writer.write(b"ready\n")
                    await writer.drain()
                    assert self.secure is not None
                    await writer.start_tls(self.secure)
                case _:
                    writer.write(line.upper())
                    await writer.drain()


@pytest.fixture
async def server() -> AsyncIterator[Server]:
    app = Server()
    async with await asyncio.start_server(app, "127.0.0.1", 0, limit=1 << 20) as running:
        app.port = running.sockets[0].getsockname()[1]
        yield app


def _env(port: int) -> dict[str, object]:
    with socket.create_server(("127.0.0.1", 0)) as free:
        closed: int = free.getsockname()[1]
    return {
        "HOST": "127.0.0.1",
        "PORT": port,
        "ADDRESS": f"127.0.0.1:{port}",
        "CLOSED_PORT": closed,
    }


@pytest.fixture
async def client(run: Run, server: Server) -> Running:
    return await run(TCP, env=_env(server.port))


async def test_a_line_there_and_back(client: Running, server: Server) -> None:
    assert await client.json("/line") == ["HELLO\n", True, True, False]
    assert await eventually(lambda: server.open == 0)


async def test_half_open(client: Running) -> None:
    assert await client.text("/by_string") == "ALL AT ONCE\n"


async def test_what_comes_in_may_be_the_response(client: Running) -> None:
    assert await client.text("/response") == "x" * 1_000_000


async def test_a_body_may_be_piped_out(client: Running) -> None:
    body = "line after line\n" * 50_000
    assert await client.text("/upload", method="POST", body=body) == body.upper()


async def test_byob(client: Running) -> None:
    assert await client.text("/byob") == "ABC"


async def test_the_other_side_ends(client: Running) -> None:
    assert await client.json("/ends") == ["good bye", "TypeError"]


async def test_nobody_listens(client: Running) -> None:
    message, *same = await client.json("/refused")
    assert message == (
        "Error: proxy request failed, cannot connect to the specified address (Connection refused)"
    )
    assert same == [True, True, True]


async def test_port_25_is_refused(client: Running) -> None:
    assert await client.text("/port_25") == (
        "Error: proxy request failed, cannot connect to the specified address (port 25)"
    )


async def test_a_connection_that_is_lost(client: Running) -> None:
    assert await client.json("/lost") == ["TypeError: Network connection lost."] * 2


async def test_closing_before_it_is_open(client: Running) -> None:
    assert await client.json("/close_early") == [
        "TypeError: The socket was closed.",
        "resolved: undefined",
    ]


async def test_mistakes_are_said(client: Running) -> None:
    unsupported = (
        "TypeError: Specified address is empty string, contains unsupported characters or is too "
        "long."
    )
    assert await client.json("/mistakes") == [
        "TypeError: Specified address could not be parsed.",
        unsupported,
        unsupported,
        "TypeError: Specified address has no port, or one that is none.",
        "TypeError: Unsupported value in secureTransport socket option: maybe",
        "TypeError: connect: 1 argument required, but only 0 present.",
        "TypeError: The `secureTransport` socket option must be set to 'starttls' for startTls to "
        "be used.",
        "TypeError: Illegal constructor",
        "TypeError: This WritableStream only supports writing byte types.",
    ]


async def test_a_socket_ends_with_its_request(client: Running, server: Server) -> None:
    assert await client.text("/leaves") == "left"
    assert await eventually(lambda: server.open == 0)
    assert "Cannot perform I/O on behalf of a different request" in await _failure(client, "/other")


async def _failure(client: Running, path: str) -> str:
    try:
        return await client.text(path)
    except WorkerException as failure:
        return str(failure)


async def test_a_server_that_does_not_read(run: Run, server: Server) -> None:
    client = await run(TCP, env=_env(server.port))
    written = int(await client.text("/stuck"))
    assert written < 50_000_000


async def test_what_may_not_be_reached(run: Run, server: Server) -> None:
    client = await run(TCP, env=_env(server.port), outbound="public")
    message, *_ = await client.json("/refused")
    assert "this Worker may not connect to 127.0.0.1" in message


@pytest.fixture
async def trusting(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[tuple[Running, Server]]:
    """A Worker that trusts a server for `localhost`, which speaks TLS when it is asked to."""
    authority = trustme.CA()
    issued = authority.issue_cert("localhost")
    secure = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    issued.configure_cert(secure)
    trust = tmp_path / "ca.pem"
    authority.cert_pem.write_to_path(trust)
    monkeypatch.setenv("SSL_CERT_FILE", str(trust))
    dial.tls_context.cache_clear()
    app = Server()
    app.secure = secure
    async with await asyncio.start_server(app, "127.0.0.1", 0) as running:
        app.port = running.sockets[0].getsockname()[1]
        yield await run(TCP, env=_env(app.port)), app
    dial.tls_context.cache_clear()


async def test_starttls(trusting: tuple[Running, Server]) -> None:
    client, _ = trusting
    assert await client.json("/starttls") == [
        "PLAIN\n",
        "ready\n",
        "SECRET\n",
        True,
        "on",
        "TypeError: startTls can only be called once.",
    ]


async def test_tls_from_the_start(run: Run, trusting: tuple[Running, Server]) -> None:
    _, app = trusting
    async with await asyncio.start_server(app, "127.0.0.1", 0, ssl=app.secure) as secure:
        client = await run(TCP, env=_env(secure.sockets[0].getsockname()[1]))
        assert await client.json("/tls") == ["SECRET\n", "on"]
        assert "can't be verified" in await client.text("/wrong_name")
