"""What may be reached, and how a connection is made."""

from __future__ import annotations

import asyncio
import contextlib
import ipaddress
import socket
import ssl
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import trustme

from edgewright.messages import read_all
from edgewright.subrequest import dial
from edgewright.subrequest.client import SubrequestClient
from edgewright.subrequest.dial import Outbound, is_allowed
from edgewright.subrequest.upstream import SubrequestError

PUBLIC = ["1.1.1.1", "8.8.8.8", "2606:4700:4700::1111", "64:ff9b::101:101", "2002:101:101::1"]
PRIVATE = [
    "127.0.0.1",
    "127.8.9.10",
    "10.1.2.3",
    "172.16.0.1",
    "192.168.1.1",
    "100.64.0.1",
    "198.18.0.1",
    "::1",
    "fd12:3456::1",
    "::ffff:10.0.0.1",
    "::ffff:127.0.0.1",
    "::127.0.0.1",
    "64:ff9b::a00:1",
    "2002:a00:1::1",
]
NEVER = [
    "169.254.169.254",
    "169.254.0.1",
    "fe80::1",
    "fd00:ec2::254",
    "100.100.100.200",
    "168.63.129.16",
    "::ffff:169.254.169.254",
    "64:ff9b::a9fe:a9fe",
    "2002:a9fe:a9fe::1",
    "224.0.0.1",
    "ff02::1",
    "0.0.0.0",
    "::",
]


@pytest.mark.parametrize("address", PUBLIC)
def test_public_addresses_may_be_reached(address: str) -> None:
    for outbound in Outbound:
        assert is_allowed(ipaddress.ip_address(address), outbound)


@pytest.mark.parametrize("address", PRIVATE)
def test_private_addresses_may_be_reached_only_where_allowed(address: str) -> None:
    assert is_allowed(ipaddress.ip_address(address), Outbound.ANY)
    assert not is_allowed(ipaddress.ip_address(address), Outbound.PUBLIC)


@pytest.mark.parametrize("address", NEVER)
def test_metadata_and_the_like_may_never_be_reached(address: str) -> None:
    for outbound in Outbound:
        assert not is_allowed(ipaddress.ip_address(address), outbound)


@pytest.fixture
async def public() -> AsyncIterator[SubrequestClient]:
    client = SubrequestClient(Outbound.PUBLIC)
    yield client
    await client.close()


@pytest.fixture
async def anywhere() -> AsyncIterator[SubrequestClient]:
    client = SubrequestClient(Outbound.ANY)
    yield client
    await client.close()


@contextlib.asynccontextmanager
async def server(
    response: bytes, context: ssl.SSLContext | None = None
) -> AsyncIterator[tuple[int, list[bytes]]]:
    """Its port, and the heads of the requests that have come."""
    heads: list[bytes] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
            while True:
                heads.append(await reader.readuntil(b"\r\n\r\n"))
                writer.write(response)
        writer.close()

    listening = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=context)
    try:
        yield listening.sockets[0].getsockname()[1], heads
    finally:
        listening.close()


OK = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok"


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "localhost", "127.1", "0x7f000001", "2130706433", "[::ffff:127.0.0.1]"]
)
async def test_no_spelling_of_a_private_address_helps(public: SubrequestClient, host: str) -> None:
    async with server(OK) as (port, heads):
        with pytest.raises(SubrequestError, match="may not connect"):
            await public.fetch("GET", f"http://{host}:{port}/", [], None, "follow")
    assert heads == []


async def test_a_name_is_looked_up_once(
    public: SubrequestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A name that is public when it is checked and private when it is connected to."""
    answers = ["127.0.0.1", "93.184.216.34"]

    async def rebinding(*_: object, **__: object) -> list[tuple[object, ...]]:
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (answers.pop(), 80))]

    connected: list[str] = []

    async def connect(_: object, address: str, *__: object, **___: object) -> None:
        connected.append(address)
        raise OSError(113, "No route to host")

    loop = asyncio.get_running_loop()
    if not isinstance(loop, asyncio.BaseEventLoop):
        pytest.skip("uvloop's methods can't be replaced")
    monkeypatch.setattr(loop, "getaddrinfo", rebinding)
    monkeypatch.setattr(loop, "create_connection", connect)
    with pytest.raises(SubrequestError, match="No route"):
        await public.fetch("GET", "http://rebind.test/", [], None, "follow")
    assert connected == ["93.184.216.34"]


async def test_a_redirect_is_checked_as_well(
    public: SubrequestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    allowed: list[str] = []

    def first_only(address: dial.IPAddress, outbound: Outbound) -> bool:
        allowed.append(str(address))
        return len(allowed) == 1

    async with server(OK) as (private, heads):
        location = f"http://127.0.0.1:{private}/".encode()
        redirect = b"HTTP/1.1 302 Found\r\ncontent-length: 0\r\nlocation: %b\r\n\r\n" % location
        async with server(redirect) as (first, _):
            monkeypatch.setattr(dial, "is_allowed", first_only)
            with pytest.raises(SubrequestError, match="may not connect"):
                await public.fetch("GET", f"http://127.0.0.1:{first}/", [], None, "follow")
    assert heads == []


@pytest.fixture
def tls(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ssl.SSLContext:
    """A server's, for localhost; its authority is trusted."""
    ca = trustme.CA()
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    ca.issue_cert("localhost").configure_cert(context)
    ca.cert_pem.write_to_path(tmp_path / "ca.pem")
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "ca.pem"))
    dial.tls_context.cache_clear()
    return context


async def test_https(anywhere: SubrequestClient, tls: ssl.SSLContext) -> None:
    async with server(OK, tls) as (port, heads):
        for _ in range(3):
            url = f"https://localhost:{port}/x"
            response = await anywhere.fetch("GET", url, [], None, "follow")
            assert await read_all(response.body) == b"ok"
    assert heads[0].startswith(b"GET /x HTTP/1.1\r\nhost: localhost:%d\r\n" % port)
    assert len(heads) == 3


async def test_https_to_somebody_else(anywhere: SubrequestClient, tls: ssl.SSLContext) -> None:
    async with server(OK, tls) as (port, _):
        with pytest.raises(SubrequestError, match="certificate can't be verified"):
            await anywhere.fetch("GET", f"https://127.0.0.1:{port}/", [], None, "follow")


async def test_https_with_a_certificate_that_nobody_vouches_for(
    anywhere: SubrequestClient,
) -> None:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    trustme.CA().issue_cert("localhost").configure_cert(context)
    dial.tls_context.cache_clear()
    async with server(OK, context) as (port, heads):
        with pytest.raises(SubrequestError, match="certificate can't be verified"):
            await anywhere.fetch("GET", f"https://localhost:{port}/", [], None, "follow")
    assert heads == []


async def test_https_where_nobody_speaks_it(anywhere: SubrequestClient) -> None:
    async with server(OK) as (port, _):
        with pytest.raises(SubrequestError, match="Network connection lost: "):
            await anywhere.fetch("GET", f"https://localhost:{port}/", [], None, "follow")
