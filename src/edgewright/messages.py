"""HTTP messages as all rooms pass them around: to and from clients, the Python API and
subrequests alike."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from edgewright.observe.trace import FetchTrace, Trace

from edgewright.websocket.socket import WebSocket


class Body(Protocol):
    """Bytes that come bit by bit."""

    @property
    def length(self) -> int | None:
        """How many there are in all, where that is known beforehand."""
        ...

    async def read(self) -> bytes:
        """The next bytes; empty at the end. Raises BodyError when the body broke off."""
        ...

    def discard(self) -> None:
        """Nobody will read on: lets go of what is behind the body. Harmless when repeated."""
        ...


class BodyError(Exception):
    """A body broke off before its end."""


IDEMPOTENT = frozenset({"GET", "HEAD", "OPTIONS", "TRACE", "PUT", "DELETE"})
"""Methods of requests that may be made again (RFC 9110 §9.2.2)."""

CONNECTION_HEADERS = frozenset(
    {"connection", "keep-alive", "proxy-connection", "te", "trailer", "transfer-encoding",
     "upgrade"}
)  # fmt: skip
"""Headers that are of one connection, and passed on to no other (RFC 9110 §7.6.1)."""


@dataclass(slots=True)
class Request:
    """A request on its way to a Worker."""

    method: str
    url: str
    """Absolute, as the client sent it: neither decoded nor normalised."""
    headers: list[str]
    """Flat, names in lower case (see protocol.messages)."""
    body: bytes | Body | None = None
    cf: dict[str, Any] | None = None
    caller: tuple[Trace, FetchTrace] | None = None
    """Where a Worker calls another: the calling request and its subrequest, if they are traced."""
    entrypoint: str | None = None
    """Which of the Worker's exports is to answer; None is the default one."""
    props: dict[str, Any] | None = None
    """What it finds in `ctx.props`."""
    cause: Cause | None = None
    """What made the request, where that was another Worker."""
    for_tail: bool = False
    """A tail Worker has made it, or others on its behalf: no tail Worker is told of it, as that
    would go on for ever."""


class Cause(Protocol):
    """A subrequest of a Worker's."""

    def op_of(self, isolate: object) -> int | None:
        """The op of the last request in this isolate that led to it; None if there was none."""
        ...


@dataclass(slots=True)
class Response:
    """A Worker's answer on its way to the client."""

    status: int
    headers: list[str]
    body: bytes | Body | None
    status_text: str = ""
    websocket: WebSocket | None = None
    """The Worker's side, which the client is to be connected with; the status is 101 then."""

    def discard(self) -> None:
        """Nobody is there to take it."""
        discard(self.body)
        if self.websocket is not None:
            self.websocket.lose()


def discard(body: bytes | Body | None) -> None:
    """Nobody will read on, whatever the body is."""
    if body is not None and not isinstance(body, bytes):
        body.discard()


async def read_all(body: bytes | Body | None) -> bytes:
    """The whole body. Raises BodyError."""
    if body is None:
        return b""
    if isinstance(body, bytes):
        return body
    chunks: list[bytes] = []
    while chunk := await body.read():
        chunks.append(chunk)
    return b"".join(chunks)


async def chunks(body: bytes | Body | None) -> AsyncIterator[bytes]:
    """The body, bit by bit; lets go of it when the reader stops early. Raises BodyError."""
    if body is None:
        return
    if isinstance(body, bytes):
        yield body
        return
    try:
        while chunk := await body.read():
            yield chunk
    finally:
        body.discard()
