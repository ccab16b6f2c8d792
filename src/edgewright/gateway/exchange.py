"""One HTTP/1.1 request on a connection, and the response to it."""

from __future__ import annotations

import asyncio
from http import HTTPStatus
from typing import TYPE_CHECKING

import httptools

from edgewright.gateway.dispatch import Dispatched
from edgewright.gateway.requests import (
    CLIENT_GONE,
    HTTP_1_0,
    HTTP_1_1,
    Arrival,
    Refused,
    body_too_large,
    parse,
)
from edgewright.gateway.responses import body_length, header_lines
from edgewright.messages import Body, BodyError, Request, Response, discard
from edgewright.protocol.messages import INLINE_BODY

if TYPE_CHECKING:
    from edgewright.gateway.http1_connection import Connection

BUFFER = 256 * 1024
"""Bytes of a request's body that are taken in before its reader comes for them."""

_STATUS_LINES = {
    status: b"HTTP/1.1 %d %b\r\n"
    % (status, HTTPStatus(status).phrase.encode() if status in set(HTTPStatus) else b"")
    for status in range(200, 600)
}


class Exchange:
    """A request, which is the Body of itself where that streams, and what has been said to it."""

    __slots__ = (
        "_arrival",
        "_chunks",
        "_connection",
        "_discarded",
        "_dispatched",
        "_gone",
        "_most",
        "_received",
        "_request",
        "_sending",
        "_size",
        "_taken",
        "_too_large",
        "_waiter",
        "awaits_continue",
        "complete",
        "keep_alive",
        "length",
        "task",
    )

    def __init__(self, connection: Connection, arrival: Arrival, *, keep_alive: bool) -> None:
        self.keep_alive = keep_alive
        """Whether the connection can take another request afterwards."""
        self.awaits_continue = (
            arrival.protocol == HTTP_1_1 and (b"expect", b"100-continue") in arrival.headers
        )
        """The client sends its body when it has been asked to (RFC 9110 §10.1.1)."""
        self.complete = False
        """Whether the whole response has been said."""
        self.length: int | None = None
        self.task: asyncio.Task[None] | None = None
        """What sends a response that streams."""
        self._connection = connection
        self._arrival = arrival
        self._request: Request | None = None
        """While it waits for the rest of a short body."""
        self._dispatched: Dispatched | None = None
        self._sending: Body | None = None
        self._gone = False
        # The body of the request
        self._chunks: list[bytes] = []
        self._size = 0
        self._taken = 0
        self._most = 0
        self._received = False
        self._discarded = False
        self._too_large = False
        self._waiter: asyncio.Future[None] | None = None

    def begin(self) -> None:
        """It is this request's turn to be answered."""
        handler = self._connection.server.handler
        try:
            if not self._arrival.target.startswith(b"/"):
                _take_apart(self._arrival)
            limits = handler.limits
            request, framing = parse(self._arrival, limits, self._connection.head(self._arrival))
        except Refused as refused:
            if refused.status != 413:
                self.keep_alive = False
            self._respond(handler.page(refused.status, self._arrival.headers))
            return
        if not framing.has_body:
            self._discarded = True
            self._dispatched = handler.start(request, self._respond)
            return
        self.length = framing.length
        self._most = limits.request_body_mb << 20
        if framing.length is None or framing.length > INLINE_BODY:
            request.body = self
            self._dispatched = handler.start(request, self._respond)
            return
        self._request = request
        if self._received:
            self._start_with_body()
        else:
            self._ask_for_body()

    def client_gone(self) -> None:
        """The connection has ended."""
        self._gone = True
        self._wake()
        if self._dispatched is not None and not self.complete:
            self._dispatched.client_gone()
        if self._sending is not None:
            self._sending.discard()  # which ends the read that waits for more of it

    # --- The body of the request ------------------------------------------------------------------

    def push(self, data: bytes) -> None:
        """Bytes of the body have come."""
        if self.complete or self._discarded or self._too_large:
            return
        self._size += len(data)
        if self._taken + self._size > self._most > 0:
            self._too_large = True
            self._chunks.clear()
            if self._dispatched is not None:
                self._dispatched.body_too_large()
        else:
            self._chunks.append(data)
            if self._size > BUFFER:
                self._connection.hold_back()
        self._wake()

    def end(self) -> None:
        """The whole body has come."""
        self._received = True
        self._start_with_body()
        self._wake()

    async def read(self) -> bytes:
        while not self._chunks:
            if self._too_large:
                raise BodyError(body_too_large(self._most))
            if self._received or self._discarded:
                return b""
            if self._gone:
                raise BodyError(CLIENT_GONE)
            self._ask_for_body()
            self._waiter = asyncio.get_running_loop().create_future()
            await self._waiter
        return self._take()

    def discard(self) -> None:
        if not self._discarded:
            self._discarded = True
            self._take()
            self._wake()

    def _take(self) -> bytes:
        body = self._chunks[0] if len(self._chunks) == 1 else b"".join(self._chunks)
        self._chunks.clear()
        if self._size > BUFFER:
            self._connection.go_on()
        self._taken += self._size
        self._size = 0
        return body

    def _start_with_body(self) -> None:
        request, self._request = self._request, None
        if request is not None:
            request.body = self._take()
            self._dispatched = self._connection.server.handler.start(request, self._respond)

    def _ask_for_body(self) -> None:
        if self.awaits_continue:
            self.awaits_continue = False
            self._connection.write(b"HTTP/1.1 100 Continue\r\n\r\n")

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)

    # --- The response -----------------------------------------------------------------------------

    def _respond(self, response: Response) -> None:
        try:
            self._say(response)
        except BaseException:  # A fault of ours: the client would wait forever.
            self._connection.abort()
            raise

    def _say(self, response: Response) -> None:
        body = response.body
        if response.websocket is not None:
            if self._gone:
                response.discard()
            else:
                self.complete = True
                self._connection.switch(self._arrival, response)
            return
        head_only = self._arrival.method == "HEAD"
        if self._gone:
            discard(body)
            return
        chunked = False
        if body is not None and not isinstance(body, bytes) and body.length is None:
            if self._arrival.protocol == HTTP_1_1:
                chunked = not head_only
            else:
                self.keep_alive = False  # The end of the connection is the end of the body.
        head = self._head(response, chunked)
        if head_only or response.status in (204, 304):
            discard(body)
            self._connection.write(head)
            self._complete()
        elif body is None or isinstance(body, bytes):
            self._connection.write(head + body if body else head)
            self._complete()
        else:
            self._connection.write(head)
            loop = asyncio.get_running_loop()
            self.task = loop.create_task(self._stream(body, chunked=chunked))

    async def _stream(self, body: Body, *, chunked: bool) -> None:
        """Ends the connection when the body breaks off, so that its client does not take a part for
        the whole."""
        connection = self._connection
        self._sending = body
        whole = False
        left = body.length
        try:
            while not self._gone and (chunk := await body.read()):
                if left is not None:
                    left -= len(chunk)
                    if left < 0:
                        return
                connection.write(b"%x\r\n%b\r\n" % (len(chunk), chunk) if chunked else chunk)
                if not connection.may_write.is_set():
                    await connection.may_write.wait()
            whole = not left
        except BodyError:
            return
        finally:
            self._sending = None
            body.discard()  # A no-op after the end; otherwise nobody reads on.
            if not whole:
                connection.abort()
        if chunked:
            connection.write(b"0\r\n\r\n")
        self._complete()

    def _complete(self) -> None:
        self.complete = True
        self._connection.responded(self)

    def _head(self, response: Response, chunked: bool) -> bytes:
        """The response's head (RFC 9112 §4)."""
        server = self._connection.server
        head_only = self._arrival.method == "HEAD"
        headers = header_lines(response, head=head_only)
        status = response.status
        lines = (_STATUS_LINES.get(status) or b"HTTP/1.1 %d \r\n" % status) + headers.lines
        length = body_length(response, head=head_only)
        if length is not None:
            lines += b"content-length: %d\r\n" % length
        if chunked:
            lines += b"transfer-encoding: chunked\r\n"
        if not self.keep_alive or self.awaits_continue or server.stopping:
            self.keep_alive = False
            lines += b"connection: close\r\n"
        elif self._arrival.protocol == HTTP_1_0:
            lines += b"connection: keep-alive\r\n"
        return lines + (b"\r\n" if headers.dated else server.date_and_end)


def _take_apart(arrival: Arrival) -> None:
    """absolute-form, which says the host as well (RFC 9112 §3.2.2). Raises Refused."""
    if arrival.target == b"*" and arrival.method == "OPTIONS":
        return
    try:
        url = httptools.parse_url(arrival.target)
    except httptools.HttpParserInvalidURLError as error:
        raise Refused(400, "a target that is none") from error
    if url.schema not in (b"http", b"https") or not url.host:
        raise Refused(400, "a target that is none")
    host = b"%b:%d" % (url.host, url.port) if url.port else url.host
    arrival.headers = [header for header in arrival.headers if header[0] != b"host"]
    arrival.headers.append((b"host", host))
    path = url.path or b"/"
    arrival.target = b"%b?%b" % (path, url.query) if url.query else path
