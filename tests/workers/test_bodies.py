"""Bodies on their way through a Worker: whole, streamed, transformed, or not touched at all."""

from __future__ import annotations

import asyncio
import json
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest
from running import Command, Origin, Run, Running, Serve, eventually

from edgewright.gateway.channel import Channel

WORKER = Path(__file__).parent / "bodies.js"
MEGABYTE = 1024 * 1024

Edgewright = Callable[..., Awaitable[Command]]


@pytest.fixture
async def bodies(run: Run) -> Running:
    return await run(WORKER, limits={"cpu_ms": 10_000})


@pytest.fixture
def crossed(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Sizes of what crosses between gateway and isolates, both ways."""
    sizes: list[int] = []
    send, readable = Channel._send, Channel._readable

    def counted_send(self: Channel, frame: bytes) -> None:
        sizes.append(len(frame))
        send(self, frame)

    def counted_readable(self: Channel) -> None:
        feed = self._decoder.feed

        class Counted:
            def feed(self, data: bytes) -> list[tuple[bytes, bytes, int]]:
                sizes.append(len(data))
                return feed(data)

        decoder, self._decoder = self._decoder, Counted()  # type: ignore[assignment]
        try:
            readable(self)
        finally:
            self._decoder = decoder

    monkeypatch.setattr(Channel, "_send", counted_send)
    monkeypatch.setattr(Channel, "_readable", counted_readable)
    return sizes


async def pieces(count: int, size: int) -> AsyncIterator[bytes]:
    for _ in range(count):
        yield b"x" * size


async def both_ways(url: str, path: str, body: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    """A response while its request is still being sent, which httpx doesn't do."""
    parts = urlsplit(url)
    reader, writer = await asyncio.open_connection(parts.hostname, parts.port)
    head = "host: x\r\nconnection: close\r\ntransfer-encoding: chunked\r\n\r\n"
    writer.write(f"POST {path} HTTP/1.1\r\n{head}".encode())

    async def send() -> None:
        async for part in body:
            writer.write(b"%x\r\n%s\r\n" % (len(part), part))
            await writer.drain()
        writer.write(b"0\r\n\r\n")

    sending = asyncio.create_task(send())
    while part := await reader.read(1 << 16):
        yield part
    await sending
    writer.close()


@pytest.mark.parametrize("path", ["/untouched", "/untouched-new-head"])
async def test_a_body_that_is_not_touched_never_enters_the_isolate(
    bodies: Running, upstream: Origin, crossed: list[int], path: str
) -> None:
    response = await bodies.fetch(f"{path}?from={upstream.url}/bytes/{5 * MEGABYTE}")
    size = 0
    async for chunk in response:
        size += len(chunk)
    assert size == 5 * MEGABYTE
    assert sum(crossed) < 5000
    assert response.status == (200 if path == "/untouched" else 201)


@pytest.mark.parametrize("path", ["/forward", "/forward-request"])
async def test_a_request_body_that_is_not_touched_never_enters_either(
    bodies: Running, http: Serve, upstream: Origin, crossed: list[int], path: str
) -> None:
    url = await http(bodies.worker.asgi())
    async with httpx.AsyncClient(timeout=20) as client:
        response = await client.post(
            f"{url}{path}?upstream={upstream.url}", content=pieces(50, 100_000)
        )
    assert len(response.content) == 5_000_000
    assert sum(crossed) < 5000


@pytest.mark.parametrize("path", ["/transform", "/identity"])
async def test_a_body_through_a_transform(bodies: Running, upstream: Origin, path: str) -> None:
    response = await bodies.fetch(f"{path}?from={upstream.url}/bytes/{20 * MEGABYTE}")
    size = 0
    async for chunk in response:
        assert set(chunk) == {ord("X" if path == "/transform" else "x")}
        size += len(chunk)
    assert size == 20 * MEGABYTE


async def test_a_request_body_through_a_transform(bodies: Running, http: Serve) -> None:
    url = await http(bodies.worker.asgi())
    async with httpx.AsyncClient(timeout=20) as client:
        response = await client.post(f"{url}/transform-request", content=pieces(100, 50_000))
    assert response.content == b"X" * 5_000_000


async def test_a_request_body_is_read_bit_by_bit(bodies: Running, http: Serve) -> None:
    url = await http(bodies.worker.asgi())
    async with httpx.AsyncClient(timeout=20) as client:
        response = await client.post(f"{url}/count", content=pieces(100, 50_000))
    assert response.text == "5000000"


async def test_a_body_that_the_worker_makes_is_uploaded(bodies: Running, upstream: Origin) -> None:
    size = 10 * MEGABYTE
    assert await bodies.text(f"/upload?size={size}&upstream={upstream.url}") == str(size)


async def test_small_bodies(bodies: Running) -> None:
    assert await bodies.text("/text", method="POST", body="hällo") == "HÄLLO"
    assert await bodies.json("/json", method="POST", body=json.dumps([1])) == {"got": [1]}
    assert await (await bodies.fetch("/bytes", method="POST", body=b"\0\xff\x01")).bytes() == (
        b"\x01\xff\0"
    )
    assert await bodies.text("/fixed") == "0123456789"
    assert await bodies.text("/big-string") == "ä" * MEGABYTE
    assert (await bodies.fetch("/null")).status == 204
    assert await bodies.text("/empty") == ""


async def test_a_clone_has_all_of_the_body(bodies: Running, http: Serve) -> None:
    assert await bodies.json("/clone", method="POST", body="small") == [5, 5, True]
    url = await http(bodies.worker.asgi())
    async with httpx.AsyncClient(timeout=20) as client:
        response = await client.post(f"{url}/clone", content=pieces(20, 50_000))
    assert response.json() == [1_000_000, 1_000_000, True]


async def test_lengths_are_told_where_they_are_known(
    bodies: Running, http: Serve, upstream: Origin
) -> None:
    url = await http(bodies.worker.asgi())
    async with httpx.AsyncClient(timeout=60) as client:
        for path, length in [
            ("/empty", "0"),
            ("/fixed", "10"),
            (f"/untouched?from={upstream.url}/bytes/300000", "300000"),
            ("/produce?size=100000", None),
        ]:
            response = await client.get(f"{url}{path}")
            assert response.headers.get("content-length") == length, path
        assert "content-length" not in (await client.get(f"{url}/null")).headers


async def test_a_body_that_breaks_off_does_not_end_as_if_complete(
    bodies: Running, http: Serve
) -> None:
    url = await http(bodies.worker.asgi())
    async with httpx.AsyncClient(timeout=60) as client:
        with pytest.raises(httpx.RemoteProtocolError):
            await client.get(f"{url}/breaks")
    assert any("it broke" in message for message in bodies.logged)


async def test_the_head_does_not_wait_for_the_body(bodies: Running, http: Serve) -> None:
    url = await http(bodies.worker.asgi())
    async with (
        httpx.AsyncClient(timeout=5) as client,
        client.stream("GET", f"{url}/silent") as response,
    ):
        assert response.headers["x-early"] == "yes"


async def test_a_length_that_was_copied_from_another_body_does_not_count(
    bodies: Running, http: Serve, upstream: Origin
) -> None:
    url = await http(bodies.worker.asgi())
    async with httpx.AsyncClient(timeout=60) as client:
        response = await client.get(f"{url}/copied-head?from={upstream.url}/bytes/1000")
        assert response.text == "shorter"
        assert "content-length" not in response.headers
        response = await client.post(
            f"{url}/copied-request?upstream={upstream.url}", content=b"x" * 1000
        )
        assert response.text == "7"


async def test_a_slow_reader_slows_the_worker_down(bodies: Running, http: Serve) -> None:
    url = urlsplit(await http(bodies.worker.asgi()))
    reader, writer = await asyncio.open_connection(url.hostname, url.port)
    writer.write(b"GET /produce?size=104857600 HTTP/1.1\r\nhost: x\r\n\r\n")
    await reader.read(1000)
    await asyncio.sleep(0.5)
    produced = int(await bodies.text("/produced"))
    assert produced < 10 * MEGABYTE  # buffers of the kernel's, mostly
    await asyncio.sleep(0.2)
    assert int(await bodies.text("/produced")) == produced
    await reader.readexactly(2 * produced)
    assert int(await bodies.text("/produced")) > produced
    writer.close()
    assert await eventually(lambda: bool(bodies.observed.requests))


@pytest.mark.parametrize("path", ["/untouched", "/transform"])
async def test_a_slow_reader_does_not_fill_the_gateway(
    edgewright: Edgewright, upstream: Origin, path: str
) -> None:
    command = await edgewright("serve", WORKER)
    url = urlsplit(command.url)
    async with httpx.AsyncClient(timeout=60) as client:
        await client.get(f"{command.url}/empty")
    before = await command.settled()
    connection = socket.create_connection((url.hostname, url.port))
    request = f"GET {path}?from={upstream.url}/bytes/{100 * MEGABYTE} HTTP/1.1\r\nhost: x\r\n\r\n"
    connection.sendall(request.encode())
    await asyncio.sleep(1.0)
    sent = upstream.app.sent
    assert sent < 20 * MEGABYTE
    await asyncio.sleep(0.2)
    assert upstream.app.sent == sent
    # V8's young generation grows by what passes through it; what counts is that it isn't 100 MB.
    assert command.memory() - before < 50 * MEGABYTE
    connection.close()
    assert await eventually(lambda: upstream.app.open == 0)


async def test_memory_stays_flat_while_a_lot_goes_through(
    edgewright: Edgewright, upstream: Origin
) -> None:
    command = await edgewright("serve", WORKER)
    async with httpx.AsyncClient(timeout=60) as client:
        await client.get(f"{command.url}/untouched?from={upstream.url}/bytes/{5 * MEGABYTE}")
        before = most = await command.settled()
        size = 0
        path = f"/untouched?from={upstream.url}/bytes/{100 * MEGABYTE}"
        async with client.stream("GET", f"{command.url}{path}") as response:
            async for chunk in response.aiter_raw():
                size += len(chunk)
                if size % (5 * MEGABYTE) < len(chunk):
                    most = max(most, command.memory())
        assert size == 100 * MEGABYTE
        assert most - before < 30 * MEGABYTE
    path = f"/forward?upstream={upstream.url}"
    received = 0
    async for part in both_ways(command.url, path, pieces(1000, 100_000)):
        received += len(part)
        if received % (5 * MEGABYTE) < len(part):
            most = max(most, command.memory())
    assert received > 100_000_000  # with the chunks' heads
    assert most - before < 40 * MEGABYTE
