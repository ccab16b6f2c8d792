"""WebSockets under TLS, where granian serves."""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import trustme
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus

from edgewright.gateway.server import Tls, serve
from tests.support.running import Run, Running, eventually
from tests.workers.test_websockets import closed

SOCKETS = Path(__file__).parent / "sockets"


@dataclass
class Secure:
    """A Worker behind `edgewright serve --tls-cert …`."""

    running: Running
    port: int
    stop: asyncio.Event
    trust: ssl.SSLContext

    def connect(self, path: str, **options: Any) -> connect:
        url = f"wss://localhost:{self.port}/{path}"
        return connect(url, ssl=self.trust, proxy=None, max_size=None, **options)


@pytest.fixture
async def secure(run: Run, tmp_path: Path) -> AsyncIterator[Secure]:
    authority = trustme.CA()
    issued = authority.issue_cert("localhost")
    cert, key = tmp_path / "cert.pem", tmp_path / "key.pem"
    issued.private_key_pem.write_to_path(key)
    for blob in issued.cert_chain_pems:
        blob.write_to_path(cert, append=True)
    trust = ssl.create_default_context()
    authority.configure_trust(trust)
    running = await run(SOCKETS / "server.js")
    listener = socket.create_server(("127.0.0.1", 0))
    port: int = listener.getsockname()[1]
    stop = asyncio.Event()
    dispatcher = running.worker.dispatcher()
    task = asyncio.create_task(serve(dispatcher, listener, stop, tls=Tls(cert, key), drain=5))
    try:
        yield Secure(running, port, stop, trust)
    finally:
        stop.set()
        await task


async def test_messages_and_the_subprotocol(secure: Secure) -> None:
    async with secure.connect("echo", subprotocols=["a", "b"]) as client:
        assert client.subprotocol == "b"
        for message in ("hello", b"\x00\x01", "ü" * 100_000, ""):
            await client.send(message)
            assert await client.recv() == message


async def test_closing_by_the_client(secure: Secure) -> None:
    async with secure.connect("watch") as client:
        await client.close(4123, "why")
    seen: list[list[object]] = []
    while not seen:
        seen = await secure.running.json("/seen")
    assert seen == [["close", 4123, "", True, 3]]


async def test_closing_by_the_worker(secure: Secure) -> None:
    async with secure.connect("closing") as client:
        await client.send("4001 because")
        assert await closed(client) == (4001, "because")


async def test_a_refusal_is_a_response(secure: Secure) -> None:
    with pytest.raises(InvalidStatus) as caught:
        await secure.connect("refuse")
    assert caught.value.response.status_code == 403
    assert caught.value.response.body == b"not here"


async def test_a_message_that_is_too_large(secure: Secure) -> None:
    async with secure.connect("watch") as client:
        await client.send("x" * ((1 << 20) + 1))
        assert (await closed(client))[0] == 1009


async def test_a_client_that_goes_away(secure: Secure) -> None:
    client = await secure.connect("watch")
    await client.send("x")
    client.transport.abort()
    requests = secure.running.observed.requests
    assert await eventually(lambda: [r.status for r in requests] == [101])


async def test_a_worker_that_is_stopped(secure: Secure) -> None:
    async with secure.connect("spin") as client:
        await client.send("go")
        assert (await closed(client))[0] == 1011


async def test_a_server_that_stops_says_so(secure: Secure) -> None:
    async with secure.connect("echo") as client:
        await client.send("x")
        await client.recv()
        secure.stop.set()
        assert (await closed(client))[0] == 1001
