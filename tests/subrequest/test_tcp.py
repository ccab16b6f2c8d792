"""Connections for whatever protocol: what may be reached, and how one ends."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from edgewright.subrequest.client import SubrequestClient
from edgewright.subrequest.dial import DialError, Outbound
from edgewright.subrequest.tcp import TcpSocket


class Listener:
    """Whoever connects is counted, and its bytes are sent back until they end."""

    def __init__(self) -> None:
        self.port = 0
        self.connections = 0
        self.open = 0

    async def __call__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        self.open += 1
        try:
            while data := await reader.read(65536):
                writer.write(data)
                await writer.drain()
        except ConnectionError:
            pass
        finally:
            self.open -= 1
            writer.close()


@pytest.fixture
async def listener() -> AsyncIterator[Listener]:
    listener = Listener()
    async with await asyncio.start_server(listener, "127.0.0.1", 0) as server:
        listener.port = server.sockets[0].getsockname()[1]
        yield listener


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "localhost", "127.1", "0x7f000001", "2130706433", "::ffff:127.0.0.1"]
)
async def test_no_spelling_of_a_private_address_helps(listener: Listener, host: str) -> None:
    client = SubrequestClient(Outbound.PUBLIC)
    with pytest.raises(DialError, match="may not connect"):
        await client.connect(host, listener.port, tls=False)
    assert listener.connections == 0


async def test_a_name_is_looked_up_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """A name that is public when it is checked and private when it is connected to."""
    answers = ["127.0.0.1", "93.184.216.34"]
    connected: list[str] = []

    async def rebinding(*_: object, **__: object) -> list[tuple[object, ...]]:
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (answers.pop(), 80))]

    async def connect(_: object, address: str, *__: object, **___: object) -> None:
        connected.append(address)
        raise OSError(113, "No route to host")

    loop = asyncio.get_running_loop()
    if not isinstance(loop, asyncio.BaseEventLoop):
        pytest.skip("uvloop's methods can't be replaced")
    monkeypatch.setattr(loop, "getaddrinfo", rebinding)
    monkeypatch.setattr(loop, "create_connection", connect)
    with pytest.raises(DialError, match="No route"):
        await SubrequestClient(Outbound.PUBLIC).connect("rebind.test", 80, tls=False)
    assert connected == ["93.184.216.34"]


@pytest.mark.parametrize("scheme", ["{}", "unix:{}", "unix://{}", "file:{}", "//{}", "\0{}"])
async def test_no_spelling_leads_to_a_unix_socket(tmp_path: Path, scheme: str) -> None:
    listener = Listener()
    path = tmp_path / "socket"
    async with await asyncio.start_unix_server(listener, path):
        with pytest.raises(DialError):
            await SubrequestClient(Outbound.ANY).connect(scheme.format(path), 1, tls=False)
    assert listener.connections == 0


@pytest.mark.parametrize("host", ["", " ", "\0", "a\0b", "é" * 100, "." * 255, "\ud800", "a" * 255])
async def test_a_name_that_is_none(host: str) -> None:
    with pytest.raises(DialError):
        await SubrequestClient(Outbound.ANY).connect(host, 1, tls=False)


class _Said:
    """A body of these chunks."""

    length = None

    def __init__(self, *chunks: bytes) -> None:
        self._chunks = list(chunks)

    async def read(self) -> bytes:
        return self._chunks.pop(0) if self._chunks else b""

    def discard(self) -> None:
        self._chunks.clear()


async def _read_all(connection: TcpSocket) -> bytes:
    data = b""
    while chunk := await connection.read():
        data += chunk
    return data


async def test_both_directions_end_on_their_own(listener: Listener) -> None:
    connection = await SubrequestClient().connect("127.0.0.1", listener.port, tls=False)
    ended = asyncio.Event()
    connection.on_end = ended.set
    connection.send(_Said(b"one", b"two"))
    assert await _read_all(connection) == b"onetwo"
    await asyncio.wait_for(ended.wait(), 10)
    assert listener.open == 0


async def test_what_nobody_reads_is_not_taken_in(listener: Listener) -> None:
    connection = await SubrequestClient().connect("127.0.0.1", listener.port, tls=False)
    connection.send(_Said(*[b"x" * 100_000] * 300))
    await asyncio.sleep(0.3)
    taken = await connection.read()
    assert len(taken) < 2_000_000
    connection.cancel()
