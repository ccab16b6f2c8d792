"""An upstream's answer, its body, and what can go wrong."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING, Protocol

from edgewright.messages import Body, BodyError, discard
from edgewright.protocol.messages import INLINE_BODY
from edgewright.websocket.socket import WebSocket

if TYPE_CHECKING:
    from edgewright.observe.trace import FetchTrace
    from edgewright.websocket.handshake import ClientHandshake

PHRASES = {status.value: status.phrase for status in HTTPStatus}

NULL_BODY = frozenset({101, 204, 205, 304})
"""Statuses whose responses have no body (Fetch §2.2.3)."""


class SubrequestError(Exception):
    """A subrequest got no response. `name` is the class of the error that fetch() rejects with."""

    def __init__(self, message: str, name: str = "TypeError") -> None:
        super().__init__(message)
        self.name = name
        self.message = message


class UpstreamBody(Body, Protocol):
    """The body of an upstream's response, read as it comes."""

    def break_off(self, reason: str) -> None:
        """Ends the body with an error for whoever reads it."""
        ...


class Breakable:
    """Any body as an UpstreamBody."""

    def __init__(self, body: Body) -> None:
        self.length: int | None = body.length
        self._body = body
        self._broken: str | None = None

    async def read(self) -> bytes:
        chunk = b"" if self._broken is not None else await self._body.read()
        if self._broken is not None:
            raise BodyError(self._broken)
        return chunk

    def discard(self) -> None:
        self._body.discard()

    def break_off(self, reason: str) -> None:
        self._broken = reason
        self._body.discard()


@dataclass(slots=True)
class UpstreamResponse:
    """An upstream's answer. Headers are flat, the body still in its content coding."""

    status: int
    status_text: str
    headers: list[str]
    url: str
    redirected: bool
    body: bytes | UpstreamBody | None
    websocket: WebSocket | None = None
    """What the upstream speaks from now on; the status is 101 then."""

    def discard(self) -> None:
        """Nobody is there to take it."""
        discard(self.body)
        if self.websocket is not None:
            self.websocket.lose()


Settle = Callable[[UpstreamResponse | SubrequestError], None]
"""Is told, once, how a subrequest went: its response's head is there, or there will be none."""


class Subrequest(Protocol):
    """A request that is under way."""

    def cancel(self) -> None:
        """Gives it up; nobody will be told any more. Does nothing when its response has come."""
        ...


class Transport(Protocol):
    """What takes requests as they are, without following redirects: see Http1, and what stands
    before it in cache/fetching.py."""

    def start(
        self,
        method: str,
        url: str,
        headers: tuple[str, ...],
        body: bytes | Body | None,
        settle: Settle,
        handshake: ClientHandshake | None = None,
        trace: FetchTrace | None = None,
    ) -> Subrequest:
        """Raises SubrequestError for what can't be sent; else calls `settle`, and never before it
        returns. Lets go of the body, however it ends. `trace` is told the times."""
        ...


async def response_of(start: Callable[[Settle], Subrequest]) -> UpstreamResponse:
    """How a subrequest went that `start` starts. Raises SubrequestError. Cancelling it gives the
    subrequest up."""
    settled: asyncio.Future[UpstreamResponse | SubrequestError]
    settled = asyncio.get_running_loop().create_future()

    def settle(result: UpstreamResponse | SubrequestError) -> None:
        if not settled.done():
            settled.set_result(result)
        elif isinstance(result, UpstreamResponse):
            result.discard()

    subrequest = start(settle)
    try:
        result = await settled
    except asyncio.CancelledError:
        subrequest.cancel()
        if settled.done() and not settled.cancelled():
            late = settled.result()
            if isinstance(late, UpstreamResponse):
                late.discard()
        raise
    if isinstance(result, SubrequestError):
        raise result
    return result


class Upload:
    """A request's body on its way to the upstream."""

    __slots__ = ("_given_up", "body")

    def __init__(self, body: Body) -> None:
        self.body = body
        self._given_up = False

    async def chunks(self) -> AsyncIterator[bytes]:
        """Raises BodyError when the body breaks off or is given up, so that the upstream does not
        take a part for the whole."""
        try:
            while chunk := await self.body.read():
                yield chunk
            if self._given_up:
                raise BodyError("The request was given up.")
        finally:
            self.body.discard()

    def give_up(self) -> None:
        self._given_up = True
        self.body.discard()


def header(flat: list[str], name: str) -> str | None:
    """The first value of a header in a flat list, or None."""
    if name not in flat:  # the usual answer, at C speed
        return None
    names = flat[::2]
    return flat[names.index(name) * 2 + 1] if name in names else None


def without(flat: list[str], names: frozenset[str]) -> list[str]:
    """A flat list but for the headers of these names."""
    if names.isdisjoint(flat):
        return flat
    kept: list[str] = []
    for index in range(0, len(flat), 2):
        if flat[index] not in names:
            kept += flat[index : index + 2]
    return kept


def content_length(flat: list[str]) -> int | None:
    """What Content-Length says, where it says a length."""
    value = header(flat, "content-length")
    if value is None or len(value) > 18 or not (value.isascii() and value.isdigit()):
        return None
    return int(value)


def is_short(flat: list[str], length: int | None) -> bool:
    """Whether a response's body rides along with its head instead of staying a stream: it is known
    to be short, and is in no content coding that would have to be taken off first."""
    return length is not None and length <= INLINE_BODY and "content-encoding" not in flat
