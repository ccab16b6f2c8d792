"""HTTP/1.1 out: llhttp (by httptools) on the event loop's own transports, and a pool of them.

Callbacks and no coroutine: a task for each subrequest would be half of what one costs. A connection
has one request at a time (no pipelining).
"""

from __future__ import annotations

import asyncio
import base64
import functools
import re
import time
from dataclasses import dataclass
from urllib.parse import unquote_to_bytes

from edgewright.messages import CONNECTION_HEADERS, IDEMPOTENT, Body
from edgewright.observe.trace import FetchTrace
from edgewright.subrequest.connection import LOST, Connection
from edgewright.subrequest.dial import DialError, Outbound, Target, dial
from edgewright.subrequest.exchange import Exchange
from edgewright.subrequest.upstream import Settle, SubrequestError, Upload
from edgewright.websocket.handshake import ClientHandshake

IDLE = 60.0
"""Seconds that a connection is kept without a request."""

MAX_IDLE = 1024
"""Connections kept in all."""

_NOT_FORWARDED = CONNECTION_HEADERS | {"content-length", "expect", "host"}
"""Request headers that are the connection's own, or made anew for each hop."""
_URL = re.compile(r"(https?)://([^/?#\s]+)((?:[/?][!-~]*)?)", re.IGNORECASE)
_AUTHORITY = re.compile(
    r"(?:(?P<user>[^@]*)@)?(?P<host>\[[0-9A-Fa-f:.]+\]|[!-~]+?)(?::(?P<port>[0-9]{0,5}))?"
)
_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_FORBIDDEN = frozenset({"CONNECT", "TRACE", "TRACK"})
"""Methods that fetch() has no use for (Fetch §2.2.1). After CONNECT a connection is a tunnel, and
would be kept for others."""
_UNSAFE = re.compile(r"[\0\r\n]")

_LONGEST_NAME = 1024
_LONGEST_URL = 64 * 1024
_MOST_HEADERS = 128 * 1024
"""Characters of a request's headers."""
_WORTH_KEEPING = 4096
"""Headers of more characters are not the same ones again and again: no cache keeps them."""


@functools.lru_cache(maxsize=1024)
def _is_token(text: str) -> bool:
    return len(text) <= _LONGEST_NAME and _TOKEN.fullmatch(text) is not None


class Http1:
    """A pool of connections. They are as far as `outbound` allows."""

    def __init__(self, outbound: Outbound) -> None:
        self._outbound = outbound
        self._idle: dict[Target, list[Connection]] = {}
        self._busy: set[Connection] = set()
        self._kept = 0
        self._sweep: asyncio.TimerHandle | None = None
        self._connecting: set[asyncio.Task[None]] = set()

    def start(
        self,
        method: str,
        url: str,
        headers: tuple[str, ...],
        body: bytes | Body | None,
        settle: Settle,
        handshake: ClientHandshake | None = None,
        trace: FetchTrace | None = None,
    ) -> Exchange:
        """Raises SubrequestError for what can't be sent; else calls `settle`, and never before it
        returns. Lets go of the body, however it ends. Of `headers`, only those are sent that a
        Worker may say; with a `handshake`, the connection is to become a WebSocket. `trace` is told
        the times."""
        upload = None if body is None or isinstance(body, bytes) else Upload(body)
        more = "" if trace is None else trace.context
        if handshake is not None:
            more += handshake.lines()
        try:
            target, payload = _request_head(method, url, headers, body, more)
        except SubrequestError:
            if upload is not None:
                upload.give_up()
            raise
        if isinstance(body, bytes):
            payload += body
        exchange = Exchange(method, url, payload, upload, settle, handshake, trace)
        self._begin(exchange, target)
        return exchange

    async def close(self) -> None:
        if self._sweep is not None:
            self._sweep.cancel()
        for task in self._connecting:
            task.cancel()
        for connection in [*self._busy, *(c for idle in self._idle.values() for c in idle)]:
            connection.abort()
        self._idle.clear()

    def _begin(self, exchange: Exchange, target: Target) -> None:
        connection = self._take(target)
        if connection is not None:
            self._busy.add(connection)
            connection.start(exchange)
            return
        task = asyncio.get_running_loop().create_task(self._connect(exchange, target))
        self._connecting.add(task)
        task.add_done_callback(self._connecting.discard)
        exchange.connecting = task

    def _take(self, target: Target) -> Connection | None:
        idle = self._idle.get(target)
        while idle:
            connection = idle.pop()
            self._kept -= 1
            if connection.usable:
                return connection
        return None

    async def _connect(self, exchange: Exchange, target: Target) -> None:
        def protocol() -> Connection:
            return Connection(target, self._release, self._stale)

        try:
            connection = await dial(target, self._outbound, protocol, exchange.trace)
        except DialError as error:
            exchange.fail(f"Network connection lost: {error}")
        else:
            self._busy.add(connection)
            connection.start(exchange)

    def _stale(self, connection: Connection, exchange: Exchange) -> None:
        """The connection ended before a byte of the response had come."""
        # If it was kept, the upstream may have closed it just as it was taken (RFC 9112 §9.3.1).
        if connection.idle_since and exchange.upload is None and exchange.method in IDEMPOTENT:
            self._begin(exchange, connection.target)
        else:
            exchange.fail(LOST)

    def _release(self, connection: Connection, reusable: bool) -> None:
        """A connection's response is over, or the connection itself."""
        self._busy.discard(connection)
        if not reusable:
            return
        if self._kept >= MAX_IDLE:
            connection.abort()
            return
        connection.idle_since = time.monotonic()
        self._idle.setdefault(connection.target, []).append(connection)
        self._kept += 1
        if self._sweep is None:
            self._sweep = asyncio.get_running_loop().call_later(IDLE / 2, self._close_idle)

    def _close_idle(self) -> None:
        """Closes what has been idle for long; the oldest come first in each list."""
        before = time.monotonic() - IDLE
        for target, idle in list(self._idle.items()):
            kept = [c for c in idle if c.usable and c.idle_since > before]
            for connection in idle:
                if connection not in kept:
                    connection.abort()
            self._kept -= len(idle) - len(kept)
            if kept:
                self._idle[target] = kept
            else:
                del self._idle[target]
        loop = asyncio.get_running_loop()
        self._sweep = loop.call_later(IDLE / 2, self._close_idle) if self._idle else None


def _request_head(
    method: str, url: str, headers: tuple[str, ...], body: bytes | Body | None, more: str
) -> tuple[Target, bytes]:
    """Where to connect to, and the request's head (RFC 9112 §3), with `more` header lines of our
    own. Raises SubrequestError."""
    parts = _URL.fullmatch(url) if len(url) <= _LONGEST_URL else None
    if parts is None:
        raise SubrequestError(f"Invalid URL: {url[:_LONGEST_URL]}")
    scheme, authority, path = parts.groups()
    origin = _origin(scheme.lower() == "https", authority)
    if not _is_token(method) or method.upper() in _FORBIDDEN:
        raise SubrequestError(f"Invalid HTTP method string: {method}")
    if path[:1] != "/":
        path = f"/{path}"
    small = sum(map(len, headers)) <= _WORTH_KEEPING
    lines = (_header_lines if small else _header_lines.__wrapped__)(headers)
    head = f"{method} {path} HTTP/1.1\r\n{origin.lines}{lines}{more}"
    if origin.authorization is not None and "authorization" not in headers[::2]:
        head += f"authorization: {origin.authorization}\r\n"
    if isinstance(body, bytes):
        head += f"content-length: {len(body)}\r\n"
    elif body is not None:
        length = body.length
        if length is None:
            head += "transfer-encoding: chunked\r\n"
        else:
            head += f"content-length: {length}\r\n"
    try:
        return origin.target, f"{head}\r\n".encode("latin-1")
    except UnicodeEncodeError as error:
        raise SubrequestError("A header's value has characters above U+00FF.") from error


@functools.lru_cache(maxsize=256)
def _header_lines(headers: tuple[str, ...]) -> str:
    """What is sent of a Worker's headers, as lines, with those that every request has, and which
    codings are wanted unless it says. Many requests have the same ones. Raises SubrequestError."""
    sent: list[str] = []
    for index in range(0, len(headers), 2):
        if headers[index] not in _NOT_FORWARDED:
            sent += headers[index : index + 2]
    names = sent[::2]
    if "accept-encoding" not in names:
        sent += ("accept-encoding", "br, gzip")
    if sum(map(len, sent)) > _MOST_HEADERS:
        raise SubrequestError("The request's headers are larger than 128 KB.")
    if _UNSAFE.search("".join(sent)):
        raise SubrequestError("A header holds a line break or a NUL.")
    lines = ""
    for name, value in zip(sent[::2], sent[1::2], strict=True):
        # In lower case, or the connection's own would not have been left out.
        if not _is_token(name) or name != name.lower():
            raise SubrequestError(f"Invalid header name: {name!r}")
        lines += f"{name}: {value}\r\n"
    if "user-agent" not in names:
        lines += "user-agent: Edgewright\r\n"
    if "accept" not in names:
        lines += "accept: */*\r\n"
    return lines


@dataclass(frozen=True, slots=True)
class _Origin:
    """What a URL's authority comes to."""

    target: Target
    lines: str
    """The Host header."""
    authorization: str | None


@functools.lru_cache(maxsize=256)
def _origin(tls: bool, authority: str) -> _Origin:
    """Raises SubrequestError."""
    default = 443 if tls else 80
    parts = _AUTHORITY.fullmatch(authority)
    port = int(parts["port"] or default) if parts is not None else 0
    if parts is None or not 0 < port < 65536:
        raise SubrequestError(f"Invalid URL: {'https' if tls else 'http'}://{authority}")
    host = parts["host"]
    authorization = None
    if parts["user"]:
        credentials = base64.b64encode(unquote_to_bytes(parts["user"])).decode()
        authorization = f"Basic {credentials}"
    lines = f"host: {host}{'' if port == default else f':{port}'}\r\n"
    return _Origin(Target(host.strip("[]"), port, tls), lines, authorization)
