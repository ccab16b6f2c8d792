"""One HTTP/1.1 request to an upstream, and the response to it."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from edgewright.observe.trace import FetchTrace
from edgewright.subrequest.body import Http1Body
from edgewright.subrequest.upstream import (
    PHRASES,
    Settle,
    SubrequestError,
    Upload,
    UpstreamResponse,
)
from edgewright.websocket.handshake import ClientHandshake
from edgewright.websocket.wire import WireWebSocket

if TYPE_CHECKING:
    from edgewright.subrequest.connection import Connection

GRACE = 0.005
"""Seconds that a response waits for a short body that has not come with its head."""


class Exchange:
    """A request, and the response to it as far as it has come."""

    # Defaults stand here and not in __init__: what most exchanges never have costs them nothing.
    status = 0
    headers: list[str]
    """Of the response, flat, once its head is complete."""
    head_size = 0
    head_complete = False
    is_short = False
    """See upstream.is_short()."""
    whole: bytes | None = None
    """A short body, when all of it came in one piece."""
    length: int | None = None
    """What the head says of the body's length."""
    body: Http1Body | None = None
    """Any other body."""
    websocket: WireWebSocket | None = None
    connecting: asyncio.Task[None] | None = None
    connection: Connection | None = None
    _grace: asyncio.TimerHandle | None = None

    def __init__(
        self,
        method: str,
        url: str,
        payload: bytes,
        upload: Upload | None,
        settle: Settle,
        handshake: ClientHandshake | None = None,
        trace: FetchTrace | None = None,
    ) -> None:
        self.method = method
        self.url = url
        self.payload = payload
        """The request, up to where its upload begins."""
        self.upload = upload
        self.handshake = handshake
        """Where a WebSocket is asked for."""
        self.trace = trace
        self._settle: Settle | None = settle

    @property
    def wanted(self) -> bool:
        """Whether somebody waits for the response."""
        return self._settle is not None

    @property
    def switches(self) -> bool:
        """Whether this is the answer to a handshake."""
        return self.status == 101 and self.handshake is not None

    def cancel(self) -> None:
        """See Subrequest. What has come of the body after the head is its reader's to let go of."""
        if self._settle is None:
            return
        self._end()
        if self.connection is not None:
            self.connection.give_up(self)
        elif self.connecting is not None:
            self.connecting.cancel()

    def fail(self, message: str) -> None:
        """There will be no response."""
        settle = self._settle
        self._end()
        if settle is not None:
            settle(SubrequestError(message))

    def arrive(self, *, waited: bool = False) -> None:
        """The head is there, and maybe more: tells so, once. A short body is given GRACE seconds to
        come along, as a turn of its own would cost more than that."""
        settle = self._settle
        if settle is None:
            return
        body: bytes | Http1Body | None = self.whole
        if body is None and (body := self.streamed()) is not None and self.is_short:
            if body.complete:
                body = body.take()
            elif not waited and not body.over:
                if self._grace is None:
                    loop = asyncio.get_running_loop()
                    self._grace = loop.call_later(GRACE, self._waited)
                return
        self._settle = None
        if self._grace is not None:
            self._grace.cancel()
        status = self.status
        phrase = PHRASES.get(status, "")
        settle(
            UpstreamResponse(status, phrase, self.headers, self.url, False, body, self.websocket)
        )

    def streamed(self) -> Http1Body | None:
        """The body, unless there is none or it is `whole`."""
        if self.body is None and self.is_short and self.whole is None:
            assert self.connection is not None  # which the head came by
            self.body = Http1Body(self.connection, self.length)
        return self.body

    def _waited(self) -> None:
        self.arrive(waited=True)

    def _end(self) -> None:
        self._settle = None
        if self._grace is not None:
            self._grace.cancel()
        if self.upload is not None:
            self.upload.give_up()
