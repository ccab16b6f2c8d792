"""One HTTP/1.1 connection to an upstream: llhttp on one of the event loop's transports."""

from __future__ import annotations

import asyncio
import functools
from collections import deque
from collections.abc import Callable
from time import perf_counter
from typing import cast

import httptools

from edgewright.messages import BodyError
from edgewright.observe.trace import FetchTrace
from edgewright.subrequest.dial import Target
from edgewright.subrequest.upstream import (
    NULL_BODY,
    PHRASES,
    Settle,
    SubrequestError,
    Upload,
    UpstreamResponse,
    content_length,
    is_short,
)
from edgewright.websocket.handshake import ClientHandshake
from edgewright.websocket.wire import WireWebSocket

MAX_HEAD = 128 * 1024
"""Bytes of a response's headers."""

GRACE = 0.005
"""Seconds that a response waits for a short body that has not come with its head."""

BUFFER = 256 * 1024
"""Bytes of a body that are taken in before its reader comes for them."""

LOST = "Network connection lost."


class Exchange:
    """One request, and the response to it as far as it has come."""

    __slots__ = (
        "_grace",
        "_settle",
        "body",
        "connecting",
        "connection",
        "handshake",
        "head_complete",
        "head_size",
        "headers",
        "method",
        "payload",
        "status",
        "trace",
        "upload",
        "url",
        "websocket",
    )

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
        self.trace = trace
        self.method = method
        self.url = url
        self.payload = payload
        """The request, up to where its upload begins."""
        self.upload = upload
        self.handshake = handshake
        """Where a WebSocket is asked for."""
        self.websocket: WireWebSocket | None = None
        self.connecting: asyncio.Task[None] | None = None
        self.connection: Connection | None = None
        self.status = 0
        self.headers: list[str] = []
        self.head_size = 0
        self.head_complete = False
        self.body: Http1Body | None = None
        self._settle: Settle | None = settle
        self._grace: asyncio.TimerHandle | None = None

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
        body: bytes | Http1Body | None = self.body
        if self.body is not None and is_short(self.headers, self.body.length):
            if self.body.complete:
                body = self.body.take()
            elif not waited and not self.body.over:
                if self._grace is None:
                    loop = asyncio.get_running_loop()
                    self._grace = loop.call_later(GRACE, self._waited)
                return
        self._settle = None
        if self._grace is not None:
            self._grace.cancel()
        phrase = PHRASES.get(self.status, "")
        settle(
            UpstreamResponse(
                self.status, phrase, self.headers, self.url, False, body, self.websocket
            )
        )

    def _waited(self) -> None:
        self.arrive(waited=True)

    def _end(self) -> None:
        self._settle = None
        if self._grace is not None:
            self._grace.cancel()
        if self.upload is not None:
            self.upload.give_up()


class Connection(asyncio.Protocol):
    """One connection: what llhttp finds in the bytes becomes a head and a body.

    `release` is told when an exchange is over, with whether the connection can take another one,
    and `stale` when the connection ended before a byte of the response had come."""

    def __init__(
        self,
        target: Target,
        release: Callable[[Connection, bool], None],
        stale: Callable[[Connection, Exchange], None],
    ) -> None:
        self.target = target
        self.idle_since = 0.0
        """When its last response was over; 0.0 before the first."""
        self._release = release
        self._stale = stale
        self._transport: asyncio.Transport | None = None
        self._parser = httptools.HttpResponseParser(self)
        self._exchange: Exchange | None = None
        """None between requests."""
        self._closing_ends_body = False
        self._uploading: asyncio.Task[None] | None = None
        self._may_write: asyncio.Event | None = None

    @property
    def usable(self) -> bool:
        return self._transport is not None and not self._transport.is_closing()

    def start(self, exchange: Exchange) -> None:
        """Sends a request."""
        self._exchange = exchange
        exchange.connection = self
        if self._transport is None:
            self.connection_lost(None)
            return
        if exchange.trace is not None:
            exchange.trace.sent = perf_counter()
        self._transport.write(exchange.payload)
        if exchange.upload is not None:
            loop = asyncio.get_running_loop()
            self._uploading = loop.create_task(self._upload(exchange.upload))

    def give_up(self, exchange: Exchange) -> None:
        """Nobody wants the response to this exchange."""
        if exchange is self._exchange:
            self.abort()

    def abort(self) -> None:
        """Closes the connection now."""
        if self._transport is not None:
            self._transport.abort()

    def pause(self) -> None:
        if self._transport is not None:
            self._transport.pause_reading()

    def resume(self) -> None:
        if self.usable and self._transport is not None:
            self._transport.resume_reading()

    async def _upload(self, upload: Upload) -> None:
        chunked = upload.body.length is None
        may_write = self._may_write = asyncio.Event()
        may_write.set()
        try:
            async for chunk in upload.chunks():
                await may_write.wait()
                if not self.usable or self._transport is None:
                    return
                self._transport.write(b"%x\r\n%b\r\n" % (len(chunk), chunk) if chunked else chunk)
            if chunked and self._transport is not None:
                self._transport.write(b"0\r\n\r\n")
        except BodyError as error:
            self._fail(str(error))
        finally:
            self._uploading = None

    # --- asyncio.Protocol -------------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)  # uvloop's has no common base

    def data_received(self, data: bytes) -> None:
        exchange = self._exchange
        if exchange is None:
            self.abort()  # Bytes that nobody has asked for.
            return
        if not exchange.head_complete:
            exchange.head_size += len(data)
        try:
            self._parser.feed_data(data)
            if not exchange.head_complete and exchange.head_size > MAX_HEAD:
                raise httptools.HttpParserError(f"a head of more than {MAX_HEAD} bytes")
        except httptools.HttpParserUpgrade as upgrade:
            self._switch(exchange, data[upgrade.args[0] :])
        except httptools.HttpParserError as error:
            self._fail(f"Network connection lost: {error}")
        # Now, and not when the parser says it: the connection may be free for others by now.
        if exchange.head_complete and exchange.wanted:
            exchange.arrive()

    def _switch(self, exchange: Exchange, early: bytes) -> None:
        """The connection becomes a WebSocket, if it is one that was asked for."""
        transport, handshake = self._transport, exchange.handshake
        if transport is None or handshake is None or not exchange.wanted:
            self._fail("Network connection lost: the upstream speaks another protocol")
            return
        try:
            exchange.websocket = handshake.agree(exchange.headers)
        except ValueError as error:
            self._end(reusable=False)
            exchange.fail(f"Network connection lost: {error}")
            return
        self._transport, self._exchange = None, None
        self._release(self, False)
        exchange.websocket.take_over(transport, early)

    def connection_lost(self, exc: Exception | None) -> None:
        self._transport = None
        if self._may_write is not None:
            self._may_write.set()
        exchange = self._exchange
        if exchange is None:
            self._end(reusable=False)
            return
        if exchange.body is not None:
            complete = self._closing_ends_body and exc is None
            exchange.body.end(None if complete else LOST)
        self._end(reusable=False)
        if exchange.head_complete:
            exchange.arrive()
        elif exchange.head_size == 0 and exchange.wanted:
            self._stale(self, exchange)
        else:
            exchange.fail(LOST)

    def pause_writing(self) -> None:
        if self._may_write is not None:
            self._may_write.clear()

    def resume_writing(self) -> None:
        if self._may_write is not None:
            self._may_write.set()

    # --- What llhttp calls ------------------------------------------------------------------------

    def on_header(self, name: bytes, value: bytes) -> None:
        exchange = self._exchange
        if exchange is not None and not exchange.head_complete:  # else it is a trailer
            exchange.headers += (_lower(name), value.decode("latin-1"))

    def on_headers_complete(self) -> None:
        exchange = self._exchange
        if exchange is None:
            raise httptools.HttpParserError("bytes after the response")
        status = exchange.status = self._parser.get_status_code()
        if status < 200 and not exchange.switches:
            return  # Another head follows (RFC 9110 §15.2).
        exchange.head_complete = True
        if exchange.trace is not None:
            exchange.trace.first_byte = perf_counter()
        flat = exchange.headers
        if exchange.method == "HEAD":
            # llhttp would wait for the body that the head tells of; the next gets a new one.
            keep_alive = self._parser.should_keep_alive()
            self._parser = httptools.HttpResponseParser(self)
            self._complete(keep_alive=keep_alive)
        elif status not in NULL_BODY:
            length = content_length(flat)
            exchange.body = Http1Body(self, length)
            self._closing_ends_body = length is None and "transfer-encoding" not in flat

    def on_body(self, data: bytes) -> None:
        if self._exchange is not None and self._exchange.body is not None:
            self._exchange.body.push(data)

    def on_message_complete(self) -> None:
        exchange = self._exchange
        if exchange is None:
            return  # HEAD, see above
        if exchange.switches:
            return
        if exchange.status < 200:
            exchange.headers, exchange.head_size = [], 0
            return
        self._complete(keep_alive=self._parser.should_keep_alive())

    def _complete(self, *, keep_alive: bool) -> None:
        exchange = self._exchange
        if exchange is not None and exchange.body is not None:
            exchange.body.end(None)
        sent = self._uploading is None
        self._end(reusable=keep_alive and sent and self.usable)

    def _fail(self, message: str) -> None:
        exchange = self._exchange
        self._end(reusable=False)
        if exchange is None:
            return
        if exchange.body is not None:
            exchange.body.end(message)
        if not exchange.head_complete:
            exchange.fail(message)

    def _end(self, *, reusable: bool) -> None:
        """The exchange is over, one way or another."""
        if self._uploading is not None:
            self._uploading.cancel()
            self._uploading = None
            # A task that is cancelled before it begins lets go of nothing.
            if self._exchange is not None and self._exchange.upload is not None:
                self._exchange.upload.give_up()
        if self._exchange is not None and self._exchange.trace is not None:
            self._exchange.trace.ended = perf_counter()
        self._closing_ends_body = False
        self._exchange = None
        if not reusable:
            self.abort()
        self._release(self, reusable)


class Http1Body:
    """A response's body: what has come, until it is read."""

    __slots__ = (
        "_chunks",
        "_connection",
        "_ended",
        "_error",
        "_paused",
        "_size",
        "_waiter",
        "length",
    )

    def __init__(self, connection: Connection, length: int | None) -> None:
        self.length = length
        self._connection = connection
        self._chunks: deque[bytes] = deque()
        self._size = 0
        self._ended = False
        self._error: str | None = None
        self._paused = False
        self._waiter: asyncio.Future[None] | None = None

    async def read(self) -> bytes:
        while not self._chunks:
            if self._error is not None:
                raise BodyError(self._error)
            if self._ended:
                return b""
            self._waiter = asyncio.get_running_loop().create_future()
            await self._waiter
        return self.take()

    @property
    def over(self) -> bool:
        """Whether no more will come."""
        return self._ended

    @property
    def complete(self) -> bool:
        """Whether all of it is here."""
        return self._ended and self._error is None

    def take(self) -> bytes:
        """All that is here and not read."""
        chunk = self._chunks.popleft() if len(self._chunks) == 1 else b"".join(self._chunks)
        self._chunks.clear()
        self._size = 0
        if self._paused:
            self._paused = False
            self._connection.resume()
        return chunk

    def discard(self) -> None:
        if not self._ended:
            self.end(None)
            self._connection.abort()
        self._chunks.clear()

    def break_off(self, reason: str) -> None:
        if not self._ended:
            self._chunks.clear()
            self.end(reason)
            self._connection.abort()

    def push(self, data: bytes) -> None:
        """Bytes from the connection."""
        if self._ended:
            return
        self._chunks.append(data)
        self._size += len(data)
        if self._size > BUFFER and not self._paused:
            self._paused = True
            self._connection.pause()
        self._wake()

    def end(self, error: str | None) -> None:
        """All bytes have come, or no more will."""
        if not self._ended:
            self._ended = True
            self._error = error
            if self._paused:  # The connection is somebody else's from now on.
                self._paused = False
                self._connection.resume()
            self._wake()

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)


@functools.lru_cache(maxsize=1024)
def _lower(name: bytes) -> str:
    return name.decode("latin-1").lower()
