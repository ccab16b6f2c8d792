"""One connection over which a client speaks HTTP/1.1.

It has one response under way. What a client sends ahead (pipelining, RFC 9112 §9.3.2) waits in a
queue, and nothing more is read meanwhile.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from typing import TYPE_CHECKING, cast

import httptools

from edgewright.gateway.exchange import Exchange
from edgewright.gateway.requests import (
    HTTP_1_0,
    HTTP_1_1,
    Arrival,
    Head,
    is_repeatable,
    parse_head,
)
from edgewright.gateway.websockets import ServedWebSocket, serve_websocket
from edgewright.messages import Response

if TYPE_CHECKING:
    from edgewright.gateway.http1 import Http1Server

MAX_HEAD = 128 * 1024
"""Bytes of a request's head, as the platform has it: more gets a 431."""

HEAD_TIMEOUT = 30.0
"""Seconds for a whole request head to arrive. Idle kept-alive connections end by it as well."""

DISCARD_TIMEOUT = 5.0
"""Seconds for the rest of a body that nobody reads, once the response is complete."""

_LARGE = 64 * 1024
"""Bytes that are not worth gathering: they would be copied for it."""

_WORTH_KEEPING = 4096
"""Bytes of a request that it may be compared with the next one by."""


class Connection(asyncio.Protocol):
    """One client's connection."""

    def __init__(self, server: Http1Server) -> None:
        self.server = server
        self.deadline = time.monotonic() + HEAD_TIMEOUT
        """When to give up waiting for the client; infinity while it is our turn."""
        self.may_write = asyncio.Event()
        self._transport: asyncio.Transport | None = None
        self._parser = httptools.HttpRequestParser(self)
        self._client: tuple[str, int] | None = None
        self._address: tuple[str, int] | None = None
        self._target = b""
        self._headers: list[tuple[bytes, bytes]] = []
        self._last_said: tuple[str, list[tuple[bytes, bytes]]] | None = None
        self._last_head: Head | None = None
        """What the last request's headers came to."""
        self._arrival: Arrival | None = None
        self._same: bytes | None = None
        """What the last request came as, if the same bytes would be the same request again."""
        self._messages = 0
        """How many have begun in this chunk."""
        self._fed = 0
        self._head_size = 0
        """Bytes of this head in earlier chunks; `_fed` are in this one."""
        self._in_head = False
        self._coded = False
        """It names a transfer coding that we don't know how to take off."""
        self._receiving: Exchange | None = None
        """Whose body is arriving."""
        self._current: Exchange | None = None
        """Whose response is under way."""
        self._waiting: deque[Exchange] = deque()
        self._refused = False
        """What the client sends is of no use any more."""
        self._early: bytearray | None = None
        """What has come after a request to upgrade, which is not answered yet."""
        self._websocket: ServedWebSocket | None = None
        """What the connection has become."""
        self._closing = False
        self._unsent = b""

    # --- What an exchange asks for ----------------------------------------------------------------

    def write(self, data: bytes) -> None:
        if self._transport is None:
            return
        if self.server.gathers and len(data) < _LARGE:
            if not self._unsent:
                self.server.flush_soon(self)
            self._unsent += data
            if len(self._unsent) < _LARGE:
                return
        elif not self._unsent:
            self._transport.write(data)
            return
        else:
            self._unsent += data
        self.flush()

    def flush(self) -> None:
        """Sends what was gathered."""
        data, self._unsent = self._unsent, b""
        if data and self._transport is not None:
            self._transport.write(data)

    def head(self, arrival: Arrival) -> Head:
        """What the request's headers come to. Raises Refused."""
        said = arrival.protocol, arrival.headers
        if self._last_head is None or self._last_said != said:
            self._last_head, self._last_said = parse_head(arrival), said
        return self._last_head

    def hold_back(self) -> None:
        """Enough has come: the client is to wait."""
        if self._transport is not None:
            self._transport.pause_reading()

    def go_on(self) -> None:
        if self._transport is not None and not self._waiting and not self._closing:
            self._transport.resume_reading()

    def switch(self, arrival: Arrival, response: Response) -> None:
        """The client and the Worker speak WebSocket from now on, if they have agreed on it."""
        transport, self._current = self._transport, None
        if transport is None:
            response.discard()
            return
        self.flush()
        early = bytes(self._early or b"")
        self._early = None
        self._websocket = serve_websocket(
            transport,
            early,
            arrival,
            response,
            most=self.server.handler.limits.websocket_message_mb << 20,
            on_end=lambda: self.connection_lost(None),
        )
        if self._websocket is None:
            self._close()
        elif self.server.stopping:
            self._websocket.go_away()

    def abort(self) -> None:
        """Ends the connection in a way that no client takes for the end of a response."""
        if self._transport is not None:
            self._transport.abort()

    def responded(self, exchange: Exchange) -> None:
        """The response of the current exchange is complete."""
        if exchange is self._receiving and not exchange.awaits_continue:
            # The rest of the body is read first: it would stand before the next request, and
            # closing with bytes unread takes the response from a client that is still sending.
            self.deadline = time.monotonic() + DISCARD_TIMEOUT
            self.go_on()
        else:
            self._over(exchange)

    # --- What the server asks for -----------------------------------------------------------------

    def tasks(self) -> list[asyncio.Task[None]]:
        """What answers the requests that have begun."""
        if self._websocket is not None:
            return [self._websocket.task]
        return [self._current.task] if self._current and self._current.task else []

    def finish(self) -> None:
        """Ends the connection once nothing is under way."""
        if self._websocket is not None:
            self._websocket.go_away()
        elif self._current is None:
            self._close()

    def expire(self) -> None:
        """The client took too long."""
        if self._in_head and self._current is None:
            self._refuse(b"408 Request Timeout")
        else:
            self._close()

    def _close(self) -> None:
        self._closing = True
        self.flush()
        if self._transport is not None:
            self._transport.close()

    def _over(self, exchange: Exchange) -> None:
        """The exchange is over on both sides."""
        self._current = None
        if not exchange.keep_alive or self.server.stopping:
            self._close()
        elif self._waiting:
            self._begin(self._waiting.popleft())
        else:
            self.deadline = time.monotonic() + HEAD_TIMEOUT
            self.go_on()

    def _begin(self, exchange: Exchange) -> None:
        self._current = exchange
        self.deadline = float("inf")
        exchange.begin()

    def _refuse(self, status: bytes) -> None:
        """Answers a request that is none. What came before it still gets its response."""
        if self._current is None:
            self.write(
                b"HTTP/1.1 %b\r\n%bconnection: close\r\ncontent-length: 0\r\n\r\n"
                % (status, self.server.date)
            )
            self._close()
        elif self._receiving is self._current:
            self.abort()  # It is the body that makes no sense.
        else:
            self._refused = True
            self.hold_back()
            (self._waiting[-1] if self._waiting else self._current).keep_alive = False

    # --- asyncio.Protocol -------------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)  # uvloop's has no common base
        self.may_write.set()
        if not self.server.opened(self):
            self._refuse(b"503 Service Unavailable")
            return
        peer, own = transport.get_extra_info("peername"), transport.get_extra_info("sockname")
        self._client = (peer[0], peer[1]) if peer else None
        self._address = (own[0], own[1]) if own else None

    def data_received(self, data: bytes) -> None:
        if self._early is not None:
            self._early += data
            return
        if self._closing or self._refused:
            return
        between = not self._in_head and self._receiving is None
        if data == self._same and between:
            self._same_again()
            return
        self._same = None
        self._fed = len(data)
        self._messages = 0
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserUpgrade as upgrade:
            # Whether it gets what it asks for is the Worker's to say. If it doesn't, it is answered
            # as if it had not asked (RFC 9110 §7.8); but the parser takes no more.
            self._refused = True
            if self._current is not None or self._waiting:
                self._early = bytearray(data[upgrade.args[0] :])
                self.hold_back()
        except httptools.HttpParserError:
            self._refuse(b"400 Bad Request")
            return
        if self._in_head and not self._closing:
            flaw = self._flaw()
            self._head_size += self._fed
            if flaw is None and self._head_size > MAX_HEAD:
                flaw = b"431 Request Header Fields Too Large"
            if flaw is not None:
                self._refuse(flaw)
        elif between and self._is_whole(data) and is_repeatable(self._arrival):
            self._same = data

    def _is_whole(self, data: bytes) -> bool:
        """Whether it held one request and nothing else."""
        whole = self._messages == 1 and self._receiving is None and not self._in_head
        return whole and len(data) <= _WORTH_KEEPING

    def _same_again(self) -> None:
        """What its client has just asked for, in the same words: who polls does that, and who
        floods. The parser needn't read it; it stands between two messages, before and after."""
        assert self._arrival is not None
        exchange = Exchange(self, self._arrival, keep_alive=True)
        exchange.end()
        self._take(exchange)

    def connection_lost(self, exc: Exception | None) -> None:
        self._transport = None
        self._closing = True
        self.may_write.set()
        for exchange in (self._current, *self._waiting):
            if exchange is not None:
                exchange.client_gone()
        self._waiting.clear()
        self.server.closed(self)

    def pause_writing(self) -> None:
        self.may_write.clear()

    def resume_writing(self) -> None:
        self.may_write.set()

    # --- What llhttp calls ------------------------------------------------------------------------

    def on_message_begin(self) -> None:
        self._messages += 1
        self._target = b""
        self._headers = []
        self._head_size = 0
        self._in_head, self._coded = True, False

    def on_url(self, url: bytes) -> None:
        self._target += url

    def on_header(self, name: bytes, value: bytes) -> None:
        if not self._in_head:
            return  # a trailer
        name = name.lower()
        self._headers.append((name, value))
        if name == b"transfer-encoding" and value.lower() != b"chunked":
            self._coded = True

    def on_headers_complete(self) -> None:
        if self._flaw():
            return
        self._in_head = False
        parser = self._parser
        arrival = self._arrival = Arrival(
            parser.get_method().decode(),
            "http",
            HTTP_1_0 if parser.get_http_version() == "1.0" else HTTP_1_1,
            self._target,
            self._headers,
            self._client,
            self._address,
        )
        keep_alive = parser.should_keep_alive() and not parser.should_upgrade()
        exchange = self._receiving = Exchange(self, arrival, keep_alive=keep_alive)
        self._take(exchange)

    def _take(self, exchange: Exchange) -> None:
        """It is answered now, or after those before it."""
        if self._current is None:
            self._begin(exchange)
        else:
            self._waiting.append(exchange)
            self.hold_back()

    def _flaw(self) -> bytes | None:
        """The status for a head that llhttp has no objection to."""
        if self._coded:
            # RFC 9112 §6.1: a body whose end we can't tell from what follows it.
            return b"501 Not Implemented"
        if self._head_size + self._fed <= MAX_HEAD:
            return None  # nearly always
        if sum(len(name) + len(value) + 4 for name, value in self._headers) > MAX_HEAD:
            return b"431 Request Header Fields Too Large"
        return None

    def on_body(self, data: bytes) -> None:
        if self._receiving is not None:
            self._receiving.push(data)

    def on_message_complete(self) -> None:
        exchange, self._receiving = self._receiving, None
        if exchange is not None:
            if exchange is self._current and exchange.complete:
                self._over(exchange)
            else:
                exchange.end()
