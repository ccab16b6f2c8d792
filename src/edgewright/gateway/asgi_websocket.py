"""WebSockets by way of an ASGI server: granian, under TLS, or another that a Worker is mounted in.

https://asgi.readthedocs.io/en/latest/specs/www.html#websocket

The server has the frames and the closing handshake. What granian keeps to itself: headers of the
101 response, close reasons of clients, and whether a connection was closed or lost.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from edgewright.gateway.dispatch import Dispatched, Handler
from edgewright.gateway.requests import HTTP_1_1, Arrival, Refused, parse
from edgewright.gateway.responses import fields
from edgewright.messages import BodyError, Response
from edgewright.subrequest.upstream import header
from edgewright.websocket.handshake import is_upgrade
from edgewright.websocket.socket import (
    ABNORMAL,
    GOING_AWAY,
    LOST,
    NO_STATUS,
    TOO_LARGE,
    Closed,
    Message,
    pipe,
)

Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]

_FAILED = 1011


class AsgiWebSocket:
    """See WebSocket; no message of more than `most` bytes is taken."""

    def __init__(self, receive: Receive, send: Send, most: int) -> None:
        self._receive = receive
        self._send = send
        self._most = most
        self._closed_out = False
        self._receiving: asyncio.Future[dict[str, Any]] | None = None
        self._close_said = asyncio.Event()

    async def receive(self) -> Message | Closed:
        message = await self._next()
        if message["type"] != "websocket.receive":
            self._closed_out = True
            code = message.get("code") or NO_STATUS
            if code == ABNORMAL:
                return LOST
            return Closed(code, message.get("reason") or "")
        text: str | None = message.get("text")
        data: bytes = text.encode() if text is not None else message["bytes"]
        if len(data) > self._most:
            await self.close(TOO_LARGE.code, TOO_LARGE.reason)
            return TOO_LARGE
        return Message(data, text is not None, outside=True)

    async def send(self, message: Message) -> None:
        if not self._closed_out:
            content = {"text": message.data.decode()} if message.text else {"bytes": message.data}
            await self._say({"type": "websocket.send", **content})

    async def close(self, code: int, reason: str) -> None:
        if not self._closed_out:
            self._closed_out = True
            if self._receiving is not None:
                self._receiving.cancel()  # which granian would wait for
            known = 1000 if code == NO_STATUS else code  # ASGI has no way to say none
            await self._say({"type": "websocket.close", "code": known, "reason": reason})
            self._close_said.set()

    async def gone(self) -> None:
        """A server tells that a client has closed when the connection is over."""

    def lose(self, why: Closed = LOST) -> None:
        """It is closed by whoever joined it with another, see serve_asgi_websocket()."""

    async def _next(self) -> dict[str, Any]:
        if not self._closed_out:
            receiving = self._receiving = asyncio.ensure_future(self._receive())
            try:
                return await receiving
            except asyncio.CancelledError:
                if not (receiving.cancelled() and self._closed_out):
                    raise
            finally:
                self._receiving = None
        await self._close_said.wait()  # a receive that began before it would keep it from going out
        return await self._receive()

    async def _say(self, message: dict[str, Any]) -> None:
        try:
            await self._send(message)
        except (OSError, RuntimeError):  # the client is gone, which is received as well
            self._closed_out = True
            self._close_said.set()


async def serve_asgi_websocket(
    handler: Handler,
    scope: dict[str, Any],
    receive: Receive,
    send: Send,
    open_sockets: set[AsgiWebSocket],
) -> None:
    """One connection, from its handshake to its end. `open_sockets` has those that are open."""
    await receive()  # websocket.connect
    try:
        response = await _answer(handler, scope)
    except Refused as refused:
        response = handler.page(refused.status, scope["headers"])
    worker = response.websocket
    if worker is None:
        await _deny(scope, send, response)
        return
    await send(
        {
            "type": "websocket.accept",
            "subprotocol": header(response.headers, "sec-websocket-protocol"),
        }
    )
    client = AsgiWebSocket(receive, send, handler.limits.websocket_message_mb << 20)
    open_sockets.add(client)
    try:
        await pipe(client, worker)
    finally:
        open_sockets.discard(client)
        await client.close(_FAILED, "")


async def go_away(sockets: set[AsgiWebSocket]) -> None:
    """Asks the clients to close."""
    await asyncio.gather(*(socket.close(GOING_AWAY, "") for socket in sockets))


async def _answer(handler: Handler, scope: dict[str, Any]) -> Response:
    """Raises Refused."""
    query: bytes = scope["query_string"]
    path: bytes = scope["raw_path"]
    request, _ = parse(
        Arrival(
            "GET",
            "https" if scope["scheme"] == "wss" else "http",
            HTTP_1_1,
            b"%b?%b" % (path, query) if query else path,
            scope["headers"],
            scope.get("client"),
            scope.get("server"),
        ),
        handler.limits,
    )
    if not is_upgrade(request.headers):
        request.headers += ("upgrade", "websocket")
    answered: asyncio.Future[Response] = asyncio.get_running_loop().create_future()

    def answer(response: Response) -> None:
        if answered.done():
            response.discard()
        else:
            answered.set_result(response)

    dispatched: Dispatched = handler.start(request, answer)
    try:
        return await answered
    except asyncio.CancelledError:
        dispatched.client_gone()
        raise


async def _deny(scope: dict[str, Any], send: Send, response: Response) -> None:
    """A response that is none to a handshake."""
    if "websocket.http.response" not in scope.get("extensions", {}):
        response.discard()
        await send({"type": "websocket.close"})
        return
    headers = fields(response, head=False)
    start = {"status": response.status, "headers": headers}
    await send({"type": "websocket.http.response.start", **start})
    body = response.body
    kind = "websocket.http.response.body"
    if body is not None and not isinstance(body, bytes):
        try:
            while chunk := await body.read():
                await send({"type": kind, "body": chunk, "more_body": True})
        except BodyError:
            return
        finally:
            body.discard()
        body = b""
    await send({"type": kind, "body": body or b"", "more_body": False})
