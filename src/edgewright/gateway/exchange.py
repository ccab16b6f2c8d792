"""One HTTP/1.1 request and the response to it, as ASGI sees them.

https://asgi.readthedocs.io/en/latest/specs/www.html
"""

from __future__ import annotations

import asyncio
from http import HTTPStatus
from typing import TYPE_CHECKING
from urllib.parse import unquote

import httptools

from edgewright.gateway.asgi import ASGIApp, Message, Scope

if TYPE_CHECKING:
    from edgewright.gateway.http1 import Connection

BUFFER = 256 * 1024
"""Bytes of a request's body that are taken in before the app comes for them."""

_STATUS_LINES = {
    status: b"HTTP/1.1 %d %b\r\n"
    % (status, HTTPStatus(status).phrase.encode() if status in set(HTTPStatus) else b"")
    for status in range(100, 600)
}
_DISCONNECT: Message = {"type": "http.disconnect"}
_ASGI = {"version": "3.0", "spec_version": "2.5"}


class Exchange:
    """A request, and what has been said in answer to it."""

    __slots__ = (
        "_answer",
        "_chunked",
        "_chunks",
        "_client",
        "_connection",
        "_gone",
        "_headers",
        "_http_version",
        "_left",
        "_method",
        "_received",
        "_server",
        "_size",
        "_started",
        "_status",
        "_target",
        "_told",
        "_waiter",
        "awaits_continue",
        "complete",
        "keep_alive",
        "task",
    )

    def __init__(
        self,
        connection: Connection,
        *,
        method: str,
        target: bytes,
        http_version: str,
        headers: list[tuple[bytes, bytes]],
        keep_alive: bool,
        client: tuple[str, int] | None,
        server: tuple[str, int] | None,
    ) -> None:
        self.keep_alive = keep_alive
        """Whether the connection can take another request afterwards."""
        self.complete = False
        """Whether the whole response has been said."""
        self.awaits_continue = http_version == "1.1" and (b"expect", b"100-continue") in headers
        """The client sends its body when it has been asked to (RFC 9110 §10.1.1)."""
        self.task: asyncio.Task[None] | None = None
        """What answers."""
        self._connection = connection
        self._method = method
        self._target = target
        self._http_version = http_version
        self._headers = headers
        self._client = client
        self._server = server
        # The body of the request
        self._chunks: list[bytes] = []
        self._size = 0
        self._received = False
        self._told = False
        self._gone = False
        self._waiter: asyncio.Future[None] | None = None
        # The response
        self._status = 500
        self._answer: list[tuple[bytes, bytes]] = []
        self._started = False
        self._chunked = False
        self._left: int | None = None
        """Bytes that its Content-Length still promises."""

    async def run(self, app: ASGIApp) -> None:
        """Lets the app answer; never raises for what the app does."""
        try:
            scope = self._scope()
        except ValueError:
            self.keep_alive = False
            await self._plain(400)
            return
        try:
            await app(scope, self._receive, self._send)
        except Exception as error:
            if not self._gone:
                self._failed(error)
            if not self._started:
                self.keep_alive = False
                await self._plain(500)
        if not self.complete:
            self._connection.abort()

    def push(self, data: bytes) -> None:
        """Bytes of the body have come."""
        if self.complete:
            return
        self._chunks.append(data)
        self._size += len(data)
        if self._size > BUFFER:
            self._connection.hold_back()
        self._wake()

    def end(self) -> None:
        """The whole body has come."""
        self._received = True
        self._wake()

    def client_gone(self) -> None:
        """The connection has ended."""
        self._gone = True
        self._wake()

    # --- The request ------------------------------------------------------------------------------

    def _scope(self) -> Scope:
        """Raises ValueError for a target that is none."""
        path, _, query = self._target.partition(b"?")
        headers = self._headers
        if not path.startswith(b"/") and path != b"*":
            # absolute-form, which says the host as well (RFC 9112 §3.2.2)
            try:
                url = httptools.parse_url(self._target)
            except httptools.HttpParserInvalidURLError as error:
                raise ValueError("a request target that is none") from error
            if url.schema not in (b"http", b"https") or not url.host:
                raise ValueError("a request target that is none")
            path, query = url.path or b"/", url.query or b""
            authority = b"%b:%d" % (url.host, url.port) if url.port else url.host
            headers = [header for header in headers if header[0] != b"host"]
            headers.append((b"host", authority))
        return {
            "type": "http",
            "asgi": _ASGI,
            "http_version": self._http_version,
            "method": self._method,
            "scheme": "http",
            "path": unquote(path.decode("latin-1")) if b"%" in path else path.decode("latin-1"),
            "raw_path": path,
            "query_string": query,
            "root_path": "",
            "headers": headers,
            "client": self._client,
            "server": self._server,
        }

    async def _receive(self) -> Message:
        while not self._chunks:
            if self._gone or self.complete:
                return _DISCONNECT
            if self._received and not self._told:
                self._told = True
                return {"type": "http.request", "body": b"", "more_body": False}
            if self.awaits_continue and not self._received:
                self.awaits_continue = False
                if not self._started:
                    self._connection.write(b"HTTP/1.1 100 Continue\r\n\r\n")
            self._waiter = asyncio.get_running_loop().create_future()
            await self._waiter
        body = self._chunks[0] if len(self._chunks) == 1 else b"".join(self._chunks)
        self._chunks.clear()
        if self._size > BUFFER:
            self._connection.go_on()
        self._size = 0
        self._told = self._received
        return {"type": "http.request", "body": body, "more_body": not self._received}

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)

    # --- The response -----------------------------------------------------------------------------

    async def _send(self, message: Message) -> None:
        if self._gone:
            return
        if message["type"] == "http.response.start":
            # It goes out together with the first bytes of the body.
            self._status, self._answer = message["status"], message["headers"]
            return
        body: bytes = message.get("body", b"")
        more: bool = message.get("more_body", False)
        connection = self._connection
        if self._started:
            data = self._framed(body, more)
        else:
            head = self._head(None if more else len(body))
            data = head + self._framed(body, more)
            self._started = True
        if data:
            connection.write(data)
        if not more:
            self.complete = True
            self._wake()
            connection.responded(self)
        elif not connection.may_write.is_set():
            await connection.may_write.wait()

    def _head(self, length: int | None) -> bytes:
        """The response's head (RFC 9112 §6.3); `length` is the body's, where all of it is here."""
        connection = self._connection
        status = self._status
        answer = self._answer
        fields = b"".join([b"%b: %b\r\n" % header for header in answer])
        if fields.count(b"\n") != len(answer) or fields.count(b"\r") != len(answer):
            raise ValueError("A response header holds a line break.")
        lines = [_STATUS_LINES[status], fields]
        names = [name for name, _ in answer]
        if b"content-length" in names:
            self._left = int(answer[names.index(b"content-length")][1])
        if b"date" not in names:
            lines.append(connection.server.date)
        if status in (204, 304):
            self._left = 0
        elif self._left is None and self._method != "HEAD":
            if length is not None:
                self._left = length
                lines.append(b"content-length: %d\r\n" % length)
            elif self._http_version == "1.1":
                self._chunked = True
                lines.append(b"transfer-encoding: chunked\r\n")
            else:
                self.keep_alive = False  # The end of the connection is the end of the body.
        if not self.keep_alive or self.awaits_continue or connection.server.stopping:
            self.keep_alive = False
            lines.append(b"connection: close\r\n")
        elif self._http_version == "1.0":
            lines.append(b"connection: keep-alive\r\n")
        lines.append(b"\r\n")
        return b"".join(lines)

    def _framed(self, body: bytes, more: bool) -> bytes:
        """The bytes as they go over the wire (RFC 9112 §7.1). Raises ValueError when they are not
        as many as the head has said."""
        if self._chunked:
            chunk = b"%x\r\n%b\r\n" % (len(body), body) if body else b""
            return chunk if more else chunk + b"0\r\n\r\n"
        if self._method == "HEAD":
            return b""
        if self._left is not None:
            self._left -= len(body)
            if self._left < 0 or (self._left > 0 and not more):
                raise ValueError("A response is not as long as its Content-Length says.")
        return body

    async def _plain(self, status: int) -> None:
        """An answer of the server's own."""
        self._status, self._answer, self._left = status, [], None
        await self._send({"type": "http.response.body", "body": b""})

    def _failed(self, error: Exception) -> None:
        loop = asyncio.get_running_loop()
        loop.call_exception_handler({"message": "The application failed.", "exception": error})
