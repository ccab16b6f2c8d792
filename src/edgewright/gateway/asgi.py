"""Any Handler as an ASGI application: for granian, which serves TLS and HTTP/2, and for programs
that mount a Worker.

https://asgi.readthedocs.io/en/latest/specs/www.html
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Any

from edgewright.gateway.asgi_websocket import AsgiWebSocket, go_away, serve_asgi_websocket
from edgewright.gateway.dispatch import Dispatched, Handler
from edgewright.gateway.requests import (
    CLIENT_GONE,
    HTTP_1_0,
    HTTP_1_1,
    HTTP_2,
    Arrival,
    Refused,
    body_too_large,
    parse,
)
from edgewright.gateway.responses import fields
from edgewright.messages import Body, BodyError, Request, Response, read_all
from edgewright.protocol.messages import INLINE_BODY

Scope = dict[str, Any]
Message = dict[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
ASGIApp = Callable[[Scope, Receive, Send], Awaitable[None]]

WATCH_AFTER = 0.05
"""Seconds after which a request is watched for its client's leaving. Watching costs a task, which
the short requests need not pay for."""

_PROTOCOLS = {"1": HTTP_1_0, "1.0": HTTP_1_0, "1.1": HTTP_1_1, "2": HTTP_2}
"""By ASGI's http_version (where granian says "1" for 1.0)."""


class AsgiApp:
    """An ASGI application that answers with what the handler says."""

    def __init__(self, handler: Handler) -> None:
        self._handler = handler
        self._watch = _DisconnectWatch()
        self._sockets: set[AsgiWebSocket] = set()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "websocket":
            await serve_asgi_websocket(self._handler, scope, receive, send, self._sockets)
            return
        if scope["type"] != "http":
            raise NotImplementedError(f"Edgewright does not speak {scope['type']}.")
        exchange = _Exchange(self._handler, scope, receive, send)
        self._watch.add(exchange)
        try:
            await exchange.run()
        finally:
            self._watch.remove(exchange)

    async def go_away(self) -> None:
        """Asks the clients that would never leave by themselves to do so."""
        await go_away(self._sockets)


class _Exchange:
    """One request and its response."""

    __slots__ = (
        "_dispatched",
        "_gone",
        "_handler",
        "_receive",
        "_scope",
        "_send",
        "_sending",
        "_too_large",
        "_unread",
        "started",
        "watcher",
    )

    def __init__(self, handler: Handler, scope: Scope, receive: Receive, send: Send) -> None:
        self._handler = handler
        self._scope = scope
        self._receive = receive
        self._send = send
        self._dispatched: Dispatched | None = None
        self._unread: _ClientBody | None = None
        self._sending: Body | None = None
        self._gone = False
        self._too_large = False
        self.started = time.monotonic()
        self.watcher: asyncio.Task[None] | None = None

    async def run(self) -> None:
        head = self._scope["method"] == "HEAD"
        try:
            request = await self._request()
        except BodyError:
            return
        except Refused as refused:
            page = self._handler.page(refused.status, self._scope["headers"])
            await self._send_response(page, head)
            return
        answered: asyncio.Future[Response] = asyncio.get_running_loop().create_future()

        def answer(response: Response) -> None:
            if answered.done():
                response.discard()
            else:
                answered.set_result(response)

        self._dispatched = self._handler.start(request, answer)
        if self._gone:
            self._left()
        if self._too_large:
            self._dispatched.body_too_large()
        try:
            response = await answered
        except asyncio.CancelledError:
            self._left()
            raise
        await self._send_response(response, head)

    @property
    def watchable(self) -> bool:
        """Whether the client's leaving would go unnoticed, and can be waited for: not before the
        body is read, as it comes the same way."""
        idle = self.watcher is None and not self._gone
        return idle and (self._unread is None or self._unread.ended)

    async def watch(self) -> None:
        """Waits for the client to leave."""
        while (await self._receive())["type"] != "http.disconnect":
            pass
        self._left()

    def _left(self) -> None:
        self._gone = True
        if self._dispatched is not None:
            self._dispatched.client_gone()
        if self._sending is not None:
            self._sending.discard()  # which ends the read that waits for more of it

    def _grew(self) -> None:
        self._too_large = True
        if self._dispatched is not None:
            self._dispatched.body_too_large()

    async def _request(self) -> Request:
        """Raises Refused, and BodyError when the client left."""
        scope = self._scope
        path: bytes = scope["raw_path"]
        query: bytes = scope["query_string"]
        limits = self._handler.limits
        request, framing = parse(
            Arrival(
                scope["method"],
                scope["scheme"],
                _PROTOCOLS.get(scope["http_version"], HTTP_1_1),
                b"%b?%b" % (path, query) if query else path,
                scope["headers"],
                scope.get("client"),
                scope.get("server"),
            ),
            limits,
        )
        if not framing.has_body:
            return request
        most = limits.request_body_mb << 20
        body = _ClientBody(self._receive, framing.length, most, self._left, self._grew)
        if framing.length is not None and framing.length <= INLINE_BODY:
            request.body = await read_all(body)
        else:
            request.body = self._unread = body
        return request

    async def _send_response(self, response: Response, head: bool) -> None:
        body = response.body
        headers = fields(response, head=head)
        if body is None or isinstance(body, bytes):
            await self._send_whole(response.status, headers, b"" if head else body or b"")
        elif head:
            body.discard()
            await self._send_whole(response.status, headers, b"")
        else:
            await self._stream(response.status, headers, body)

    async def _send_whole(
        self, status: int, headers: list[tuple[bytes, bytes]], body: bytes
    ) -> None:
        send = self._send
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": body, "more_body": False})

    async def _stream(self, status: int, headers: list[tuple[bytes, bytes]], body: Body) -> None:
        """Raises BodyError when the body breaks off, so that the server does not end the response
        as if it were complete."""
        send = self._send
        self._sending = body
        try:
            await send({"type": "http.response.start", "status": status, "headers": headers})
            # The server keeps the head until there is some of the body, which may take a while.
            await send({"type": "http.response.body", "body": b"", "more_body": True})
            while not self._gone and (chunk := await body.read()):
                await send({"type": "http.response.body", "body": chunk, "more_body": True})
        except BodyError:
            if not self._gone:
                raise
        finally:
            self._sending = None
            # A no-op after the end; otherwise nobody reads on.
            body.discard()
        await send({"type": "http.response.body", "body": b"", "more_body": False})


class _ClientBody:
    """A request's body as it arrives."""

    __slots__ = ("_left", "_most", "_on_left", "_on_too_large", "_receive", "ended", "length")

    def __init__(
        self,
        receive: Receive,
        length: int | None,
        most: int,
        on_left: Callable[[], None],
        on_too_large: Callable[[], None],
    ) -> None:
        self.length = length
        self._most = most
        self._left = most
        self._on_too_large = on_too_large
        self._receive = receive
        self._on_left = on_left
        self.ended = False

    async def read(self) -> bytes:
        while not self.ended:
            message = await self._receive()
            if message["type"] == "http.disconnect":
                self.ended = True
                self._on_left()
                raise BodyError(CLIENT_GONE)
            self.ended = not message.get("more_body", False)
            if chunk := message.get("body", b""):
                self._left -= len(chunk)
                if self._left < 0:
                    self.ended = True
                    self._on_too_large()
                    raise BodyError(body_too_large(self._most))
                return chunk
        return b""

    def discard(self) -> None:
        # From now on it's the watch that receives. The server reads on or closes the connection
        # when the response is done.
        self.ended = True


class _DisconnectWatch:
    """Starts watching the requests that have been going on for a while: one timer for all."""

    def __init__(self) -> None:
        self._exchanges: set[_Exchange] = set()
        self._timer: asyncio.TimerHandle | None = None

    def add(self, exchange: _Exchange) -> None:
        self._exchanges.add(exchange)
        if self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(WATCH_AFTER, self._look)

    def remove(self, exchange: _Exchange) -> None:
        self._exchanges.discard(exchange)
        if exchange.watcher is not None:
            exchange.watcher.cancel()

    def _look(self) -> None:
        loop = asyncio.get_running_loop()
        since = time.monotonic() - WATCH_AFTER
        for exchange in self._exchanges:
            if exchange.started <= since and exchange.watchable:
                exchange.watcher = loop.create_task(exchange.watch())
        self._timer = loop.call_later(WATCH_AFTER, self._look) if self._exchanges else None
