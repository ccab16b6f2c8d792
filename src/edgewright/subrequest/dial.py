"""Connections out: the one place where they are made, and where it is decided what may be reached.

The decision is taken on the addresses that a name has at that moment, and the connection goes to
one of those very addresses: no second look-up could say something else (DNS rebinding).
"""

from __future__ import annotations

import asyncio
import enum
import functools
import ipaddress
import os
import socket
import ssl
from collections.abc import Callable
from time import perf_counter
from typing import NamedTuple, TypeVar

import certifi

from edgewright.observe.trace import FetchTrace

CONNECT_TIMEOUT = 10.0
"""Seconds, for all addresses of a name together, TLS included."""

IPAddress = ipaddress.IPv4Address | ipaddress.IPv6Address
_Protocol = TypeVar("_Protocol", bound=asyncio.Protocol)


class Outbound(enum.StrEnum):
    """What Workers may reach. Link-local addresses, among them the metadata services of clouds
    (169.254.169.254), they never may."""

    PUBLIC = "public"
    """Public addresses only: for code that isn't one's own."""
    ANY = "any"
    """Private ones and this machine as well."""


class DialError(Exception):
    """No connection; the message is for the Worker's developer."""


class Target(NamedTuple):
    """Where a connection goes."""

    host: str
    """A name, or an address without brackets."""
    port: int
    tls: bool


async def dial(
    target: Target,
    outbound: Outbound,
    protocol: Callable[[], _Protocol],
    trace: FetchTrace | None = None,
    *,
    http: bool = True,
) -> _Protocol:
    """A connection, made; `http` says that TLS is to agree on HTTP/1.1. Raises DialError. `trace`
    is told the times."""
    loop = asyncio.get_running_loop()
    trace = trace or FetchTrace()
    trace.dialed = perf_counter()
    context = tls_context(http=http) if target.tls else None
    try:
        async with asyncio.timeout(CONNECT_TIMEOUT):
            addresses = [
                address
                for address in await _resolve(target)
                if is_allowed(address, outbound) and not _is_closed(address, target.port)
            ]
            trace.resolved = perf_counter()
            if not addresses:
                raise DialError(f"this Worker may not connect to {target.host}")
            for tries_left in range(len(addresses), 0, -1):
                address = addresses[-tries_left]
                try:
                    async with asyncio.timeout(CONNECT_TIMEOUT / (tries_left + 1)):
                        if context is not None:
                            return await _dial_tls(target, address, context, protocol, trace)
                        _, made = await loop.create_connection(protocol, str(address), target.port)
                        trace.connected = perf_counter()
                        return made
                except (OSError, TimeoutError):
                    if tries_left == 1:
                        raise
    except TimeoutError as error:
        raise DialError(f"no answer from {target.host}:{target.port} in time") from error
    except (OSError, UnicodeError, OverflowError) as error:
        raise DialError(_reason(error)) from error
    raise AssertionError("unreachable")


async def _dial_tls(
    target: Target,
    address: IPAddress,
    context: ssl.SSLContext,
    protocol: Callable[[], _Protocol],
    trace: FetchTrace,
) -> _Protocol:
    """In two steps, as each takes its time. Raises OSError."""
    loop = asyncio.get_running_loop()
    family = socket.AF_INET6 if address.version == 6 else socket.AF_INET
    connection = socket.socket(family, socket.SOCK_STREAM)
    connection.setblocking(False)
    try:
        await loop.sock_connect(connection, (str(address), target.port))
        trace.connected = perf_counter()
        _, made = await loop.create_connection(
            protocol, sock=connection, ssl=context, server_hostname=target.host
        )
    except BaseException:
        connection.close()
        raise
    trace.secured = perf_counter()
    return made


async def start_tls(
    transport: asyncio.Transport, protocol: asyncio.Protocol, host: str
) -> asyncio.Transport:
    """TLS on a connection that there is already, with whoever has a certificate for `host`. Raises
    DialError."""
    loop = asyncio.get_running_loop()
    context = tls_context(http=False)
    try:
        async with asyncio.timeout(CONNECT_TIMEOUT):
            made = await loop.start_tls(transport, protocol, context, server_hostname=host)
    except TimeoutError as error:
        raise DialError("no TLS in time") from error
    except (OSError, ValueError) as error:
        raise DialError(_reason(error)) from error
    if made is None:
        raise DialError("the connection was lost")
    return made


def is_allowed(address: IPAddress, outbound: Outbound) -> bool:
    """Whether a Worker may connect there."""
    address = _embedded(address)
    if address.is_link_local or address.is_multicast or address.is_unspecified:
        return False
    if address in _METADATA:
        return False
    return outbound is Outbound.ANY or address.is_global


def close_off(port: int) -> None:
    """No Worker of this process may connect to this port of this machine any more: it is where the
    operator, or a developer's DevTools, looks at all of them."""
    _CLOSED.add(port)


_CLOSED: set[int] = set()


def _is_closed(address: IPAddress, port: int) -> bool:
    if port not in _CLOSED:
        return False
    address = _embedded(address)
    if address.is_loopback:
        return True
    family = socket.AF_INET6 if address.version == 6 else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        try:
            probe.bind((str(address), 0))
        except OSError:
            return False  # not an address of ours
    return True


_METADATA = frozenset(
    ipaddress.ip_address(address)
    for address in ("fd00:ec2::254", "100.100.100.200", "168.63.129.16", "192.0.0.192")
)
"""Metadata services outside of the link-local range: AWS by IPv6, Alibaba, Azure, Oracle."""

_NAT64 = (ipaddress.IPv6Network("64:ff9b::/96"), ipaddress.IPv6Network("64:ff9b:1::/48"))


def _embedded(address: IPAddress) -> IPAddress:
    """The IPv4 address that an IPv6 address leads to, where it does."""
    if isinstance(address, ipaddress.IPv4Address):
        return address
    if address.ipv4_mapped is not None:
        return address.ipv4_mapped
    if address.sixtofour is not None:
        return address.sixtofour
    if address.teredo is not None:
        return address.teredo[1]
    low = int(address) & 0xFFFF_FFFF
    if any(address in network for network in _NAT64) or 0xFFFF < int(address) <= 0xFFFF_FFFF:
        return ipaddress.IPv4Address(low)  # the last: IPv4-compatible, ::a.b.c.d
    return address


async def _resolve(target: Target) -> list[IPAddress]:
    """Raises OSError and UnicodeError."""
    try:
        return [ipaddress.ip_address(target.host)]
    except ValueError:
        pass
    found = await asyncio.get_running_loop().getaddrinfo(
        target.host, target.port, type=socket.SOCK_STREAM
    )
    # It also reads "127.1" and "0x7f000001" as addresses, so it is its result that counts.
    addresses = [ipaddress.ip_address(str(entry[4][0]).partition("%")[0]) for entry in found]
    return list(dict.fromkeys(addresses))


@functools.cache
def tls_context(*, http: bool) -> ssl.SSLContext:
    """Trusts what the system trusts, or certifi's list where the system has none."""
    context = ssl.create_default_context()
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    if http:
        context.set_alpn_protocols(["http/1.1"])
    if not context.get_ca_certs() and not _has_ca_folder():
        context.load_verify_locations(certifi.where())
    return context


def _has_ca_folder() -> bool:
    folder: str | None = ssl.get_default_verify_paths().capath  # None where there is none
    return bool(folder and os.listdir(folder))


def _reason(error: Exception) -> str:
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"its certificate can't be verified ({error.verify_message})"
    if isinstance(error, ssl.SSLError):
        return f"TLS failed ({error.reason or error})"
    if isinstance(error, OSError) and error.errno is not None and error.errno > 0:
        return os.strerror(error.errno)
    return str(error)
