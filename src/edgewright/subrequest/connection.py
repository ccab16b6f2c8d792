"""One HTTP/1.1 connection to an upstream: llhttp on one of the event loop's transports."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from time import perf_counter
from typing import cast

import httptools

from edgewright.messages import BodyError
from edgewright.subrequest.body import Http1Body
from edgewright.subrequest.dial import Target
from edgewright.subrequest.exchange import Exchange
from edgewright.subrequest.upstream import NULL_BODY, Upload, content_length, is_short

MAX_HEAD = 128 * 1024
"""Bytes of a response's headers."""

LOST = "Network connection lost."


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
        self._headers: list[str] | None = None
        """Of the head that is arriving."""
        self._closing_ends_body = False
        self._uploading: asyncio.Task[None] | None = None
        self._may_write: asyncio.Event | None = None

    @property
    def usable(self) -> bool:
        return self._transport is not None and not self._transport.is_closing()

    def start(self, exchange: Exchange) -> None:
        """Sends a request."""
        self._exchange = exchange
        self._headers = []
        exchange.connection = self
        transport = self._transport
        if transport is None:
            self.connection_lost(None)
            return
        if exchange.trace is not None:
            exchange.trace.sent = perf_counter()
        transport.write(exchange.payload)
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
        if (body := exchange.streamed()) is not None:
            complete = self._closing_ends_body and exc is None
            body.end(None if complete else LOST)
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
        headers = self._headers
        if headers is not None:  # else it is a trailer
            headers += (name.decode("latin-1").lower(), value.decode("latin-1"))

    def on_headers_complete(self) -> None:
        exchange, headers = self._exchange, self._headers
        if exchange is None or headers is None:
            raise httptools.HttpParserError("bytes after the response")
        parser = self._parser
        status = exchange.status = parser.get_status_code()
        if status < 200 and not exchange.switches:
            return  # Another head follows (RFC 9110 §15.2).
        exchange.headers, self._headers = headers, None
        exchange.head_complete = True
        if exchange.trace is not None:
            exchange.trace.first_byte = perf_counter()
        if exchange.method == "HEAD":
            # llhttp would wait for the body that the head tells of; the next gets a new one.
            keep_alive = parser.should_keep_alive()
            self._parser = httptools.HttpResponseParser(self)
            self._complete(exchange, keep_alive=keep_alive)
        elif status not in NULL_BODY:
            length = exchange.length = content_length(headers)
            if is_short(headers, length):
                exchange.is_short = True
                if length == 0:
                    exchange.whole = b""
            else:
                exchange.body = Http1Body(self, length)
                self._closing_ends_body = length is None and "transfer-encoding" not in headers

    def on_body(self, data: bytes) -> None:
        exchange = self._exchange
        if exchange is None:
            return
        if exchange.body is None and exchange.is_short and len(data) == exchange.length:
            exchange.whole = data
        elif (body := exchange.streamed()) is not None:
            body.push(data)

    def on_message_complete(self) -> None:
        exchange = self._exchange
        if exchange is None:
            return  # HEAD, see above
        if exchange.status < 200:
            if not exchange.switches:
                self._headers, exchange.head_size = [], 0
            return
        self._complete(exchange, keep_alive=self._parser.should_keep_alive())

    def _complete(self, exchange: Exchange, *, keep_alive: bool) -> None:
        if exchange.body is not None:
            exchange.body.end(None)
        self._end(reusable=keep_alive and self._uploading is None and self.usable)

    def _fail(self, message: str) -> None:
        exchange = self._exchange
        self._end(reusable=False)
        if exchange is None:
            return
        if (body := exchange.streamed()) is not None:
            body.end(message)
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
