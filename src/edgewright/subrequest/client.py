"""HTTP out: what a Worker's fetch() does, with redirects as the Fetch standard has them."""

from __future__ import annotations

from collections.abc import Callable

from edgewright.messages import Body
from edgewright.observe.trace import FetchTrace
from edgewright.subrequest.dial import Outbound
from edgewright.subrequest.http1 import Http1
from edgewright.subrequest.redirects import Hop, Redirects
from edgewright.subrequest.tcp import TcpSocket, open_tcp
from edgewright.subrequest.upstream import (
    Settle,
    Subrequest,
    SubrequestError,
    Transport,
    UpstreamResponse,
    response_of,
    without,
)
from edgewright.websocket.handshake import HEADERS, ClientHandshake, is_upgrade

MOST_MESSAGE = 1 << 20
"""Bytes of a WebSocket's message, where nobody says otherwise."""


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
            Hop(method, url, headers, body),
            Redirects(redirect, allow),
            settle,
            most_message,
            trace,
        )
        fetch.begin()
        return fetch

    async def fetch(
        self, method: str, url: str, headers: list[str], body: bytes | Body | None, redirect: str
    ) -> UpstreamResponse:
        """The same as a coroutine. Raises SubrequestError. Cancelling it gives up the request."""
        return await response_of(
            lambda settle: self.start(method, url, headers, body, redirect, settle)
        )

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
        "_asked",
        "_hop",
        "_http",
        "_most_message",
        "_redirects",
        "_settle",
        "_trace",
    )

    def __init__(
        self,
        http: Transport,
        asked: Hop,
        redirects: Redirects,
        settle: Settle,
        most_message: int,
        trace: FetchTrace | None,
    ) -> None:
        self._http = http
        self._asked = asked
        self._redirects = redirects
        self._settle = settle
        self._most_message = most_message
        self._trace = trace
        self._hop: Subrequest

    def begin(self) -> None:
        """Raises SubrequestError."""
        method, url, headers, body = self._asked
        shown = url.partition("#")[0]  # Fetch §2.2.6: a response's URL has no fragment
        handshake = None
        if "upgrade" in headers and is_upgrade(headers):
            handshake = ClientHandshake(self._most_message)
            headers = without(headers, HEADERS)
        self._hop = self._http.start(
            method, shown, tuple(headers), body, self._arrived, handshake, self._trace
        )

    def cancel(self) -> None:
        self._hop.cancel()

    def _arrived(self, result: UpstreamResponse | SubrequestError) -> None:
        if isinstance(result, SubrequestError):
            self._settle(result)
            return
        try:
            following = self._redirects.follow(result, self._asked)
            if following is None:
                self._settle(result)
                return
            if self._trace is not None:
                self._trace.hop()
            self._asked = following
            self.begin()
        except SubrequestError as error:
            self._settle(error)
