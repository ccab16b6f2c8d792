"""HTTP out: what a Worker's fetch() does, with redirects as the Fetch standard has them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from urllib.parse import SplitResult, urljoin, urlsplit

from edgewright.messages import Body, discard
from edgewright.observe.trace import FetchTrace
from edgewright.subrequest.dial import Outbound
from edgewright.subrequest.http1 import Http1
from edgewright.subrequest.tcp import TcpSocket, open_tcp
from edgewright.subrequest.upstream import (
    Settle,
    Subrequest,
    SubrequestError,
    Transport,
    UpstreamResponse,
    header,
)
from edgewright.websocket.handshake import HEADERS, ClientHandshake, is_upgrade

MOST_MESSAGE = 1 << 20
"""Bytes of a WebSocket's message, where nobody says otherwise."""

MAX_REDIRECTS = 20
"""Fetch §4.4 (HTTP-redirect fetch), step 7."""

REDIRECTS = frozenset({301, 302, 303, 307, 308})

_CROSS_ORIGIN = frozenset({"authorization", "cookie", "proxy-authorization"})
_BODY_HEADERS = frozenset(
    {"content-encoding", "content-language", "content-location", "content-type"}
)


TOO_MANY = "Too many subrequests."
"""The platform's words."""


def _always() -> bool:
    return True


class SubrequestClient:
    """One pool of connections for all Workers of a gateway, which reach what `outbound` allows."""

    def __init__(self, outbound: Outbound = Outbound.ANY) -> None:
        self._network = Http1(outbound)
        self._outbound = outbound

    def start(
        self,
        method: str,
        url: str,
        headers: list[str],
        body: bytes | Body | None,
        redirect: str,
        settle: Settle,
        allow: Callable[[], bool] = _always,
        most_message: int = MOST_MESSAGE,
        trace: FetchTrace | None = None,
        transport: Transport | None = None,
    ) -> Subrequest:
        """Raises SubrequestError for what can't be sent; else calls `settle`, and never before it
        returns. Lets go of the body, however it ends. `allow` is asked before each redirect is
        followed: it is a subrequest, too. Headers that ask for a WebSocket get one, where the
        upstream agrees, whose messages may have `most_message` bytes. `trace` is told the times.
        `transport` is what stands before the network, where anything does."""
        fetch = _Fetch(
            transport or self._network,
            method,
            url,
            headers,
            body,
            redirect,
            settle,
            allow,
            most_message,
            trace,
        )
        fetch.begin()
        return fetch

    async def fetch(
        self, method: str, url: str, headers: list[str], body: bytes | Body | None, redirect: str
    ) -> UpstreamResponse:
        """The same as a coroutine. Raises SubrequestError. Cancelling it gives up the request."""
        settled: asyncio.Future[UpstreamResponse | SubrequestError]
        settled = asyncio.get_running_loop().create_future()

        def settle(result: UpstreamResponse | SubrequestError) -> None:
            if not settled.done():
                settled.set_result(result)

        subrequest = self.start(method, url, headers, body, redirect, settle)
        try:
            result = await settled
        except asyncio.CancelledError:
            subrequest.cancel()
            raise
        if isinstance(result, SubrequestError):
            raise result
        return result

    @property
    def network(self) -> Transport:
        """What makes the requests in the end."""
        return self._network

    async def connect(self, host: str, port: int, *, tls: bool) -> TcpSocket:
        """A connection for whatever protocol. Raises DialError."""
        return await open_tcp(host, port, self._outbound, tls=tls)

    async def close(self) -> None:
        """Ends what is under way."""
        await self._network.close()


class _Fetch:
    """One request, with the redirects that it meets."""

    __slots__ = (
        "_allow",
        "_body",
        "_headers",
        "_hop",
        "_http",
        "_method",
        "_most_message",
        "_redirect",
        "_redirects",
        "_settle",
        "_trace",
        "_url",
    )

    def __init__(
        self,
        http: Transport,
        method: str,
        url: str,
        headers: list[str],
        body: bytes | Body | None,
        redirect: str,
        settle: Settle,
        allow: Callable[[], bool],
        most_message: int,
        trace: FetchTrace | None,
    ) -> None:
        self._allow = allow
        self._trace = trace
        self._http = http
        self._most_message = most_message
        self._method = method
        self._url = url
        self._headers = headers
        self._body = body
        self._redirect = redirect
        self._settle = settle
        self._redirects = 0
        self._hop: Subrequest

    def begin(self) -> None:
        """Raises SubrequestError."""
        shown = self._url.partition("#")[0]  # Fetch §2.2.6: a response's URL has no fragment
        headers, handshake = self._headers, None
        if "upgrade" in headers and is_upgrade(headers):
            handshake = ClientHandshake(self._most_message)
            headers = _without(headers, HEADERS)
        self._hop = self._http.start(
            self._method, shown, tuple(headers), self._body, self._arrived, handshake, self._trace
        )

    def cancel(self) -> None:
        self._hop.cancel()

    def _arrived(self, result: UpstreamResponse | SubrequestError) -> None:
        if isinstance(result, SubrequestError):
            self._settle(result)
            return
        result.redirected = self._redirects > 0
        if result.status not in REDIRECTS:
            self._settle(result)
            return
        location = header(result.headers, "location")
        if self._redirect == "manual" or (self._redirect == "follow" and location is None):
            self._settle(result)
            return
        discard(result.body)
        try:
            if location is None or self._redirect == "error":
                raise SubrequestError("Unexpected redirect")
            self._redirects += 1
            if self._redirects > MAX_REDIRECTS:
                raise SubrequestError("Too many redirects.")
            if not self._allow():
                raise SubrequestError(TOO_MANY, "Error")
            if self._trace is not None:
                self._trace.hop()
            self._method, self._url, self._headers, self._body = redirected(
                result.status, location, self._method, self._url, self._headers, self._body
            )
            self.begin()
        except SubrequestError as error:
            self._settle(error)


def redirected(
    status: int,
    location: str,
    method: str,
    url: str,
    headers: list[str],
    body: bytes | Body | None,
) -> tuple[str, str, list[str], bytes | Body | None]:
    """Fetch §4.4 (HTTP-redirect fetch), steps 5 to 19. Raises SubrequestError."""
    try:
        target = urljoin(url, location)
        before, after = urlsplit(url), urlsplit(target)
        crosses = _origin(before) != _origin(after)
    except ValueError as error:
        raise SubrequestError(f"A redirect led to an invalid URL: {error}") from error
    if after.scheme not in ("http", "https"):
        raise SubrequestError(f"A redirect led to {after.scheme}:, which fetch() can't load.")
    dropped: frozenset[str] = frozenset()
    if (status in (301, 302) and method == "POST") or (
        status == 303 and method not in ("GET", "HEAD")
    ):
        method, body = "GET", None
        dropped = _BODY_HEADERS
    elif body is not None and not isinstance(body, bytes):
        raise SubrequestError(
            "A request with a one-time-use body (it was initialized from a stream, not a buffer) "
            "encountered a redirect requiring the body to be retransmitted."
        )
    if crosses:
        dropped = dropped | _CROSS_ORIGIN
    if dropped:
        headers = _without(headers, dropped)
    return method, target, headers, body


def _without(headers: Sequence[str], names: frozenset[str]) -> list[str]:
    return [
        part
        for index in range(0, len(headers), 2)
        if headers[index] not in names
        for part in headers[index : index + 2]
    ]


def _origin(url: SplitResult) -> tuple[str, str | None, int | None]:
    """Raises ValueError."""
    return url.scheme, url.hostname, url.port or {"http": 80, "https": 443}.get(url.scheme)
