"""The Worker as an ASGI application: HTTP on one side, the node on the other.

https://asgi.readthedocs.io/en/latest/specs/www.html
"""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Awaitable, Callable
from typing import Any

from edgewright.gateway.active import ActiveRequest, WorkerFailure
from edgewright.gateway.hosts import HostError
from edgewright.gateway.isolate import Isolate
from edgewright.gateway.node import Node, UnknownWorker
from edgewright.gateway.pages import (
    EXCEEDED_LIMITS,
    THREW,
    ErrorKind,
    PageDetails,
    error_response,
    generic,
)
from edgewright.messages import Body, BodyError, Request, Response, read_all
from edgewright.observe.records import Outcome, WorkerError
from edgewright.observe.stack import Sources
from edgewright.protocol.messages import INLINE_BODY

Scope = dict[str, Any]
Message = dict[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
ASGIApp = Callable[[Scope, Receive, Send], Awaitable[None]]

WATCH_AFTER = 0.05
"""Seconds after which a request is watched for its client's leaving. Watching costs a task, which
the short requests need not pay for."""

_HOST = re.compile(r"[A-Za-z0-9._~%!$&'()*+,;=:\[\]-]+")
_NOT_FOR_WORKERS = frozenset(
    {"connection", "keep-alive", "proxy-connection", "te", "trailer", "transfer-encoding",
     "upgrade", "cf-connecting-ip", "x-real-ip", "x-forwarded-proto"}
)  # fmt: skip
"""Headers of the connection, and those that the gateway says itself and no client may."""

_PROTOCOLS = {"1": "HTTP/1.0", "1.0": "HTTP/1.0", "1.1": "HTTP/1.1", "2": "HTTP/2"}
"""By ASGI's http_version (where granian says "1" for 1.0)."""

_SERVER = (b"server", b"edgewright")


def asgi_app(node: Node, worker: str, *, dev: bool = False) -> ASGIApp:
    """An ASGI application that answers with a deployed Worker. In dev, error pages tell what was
    thrown and where."""
    watch = _DisconnectWatch()

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            raise NotImplementedError(f"Edgewright does not speak {scope['type']} yet.")
        exchange = _Exchange(node, worker, dev, scope, receive, send)
        watch.add(exchange)
        try:
            await exchange.run()
        finally:
            watch.remove(exchange)

    return app


class _Refused(ValueError):
    """A request that no Worker gets to see, as it is too large."""

    def __init__(self, status: int) -> None:
        super().__init__()
        self.status = status


class _Exchange:
    """One request and its response."""

    __slots__ = (
        "_active",
        "_dev",
        "_gone",
        "_isolate",
        "_node",
        "_receive",
        "_scope",
        "_send",
        "_sending",
        "_too_large",
        "_unread",
        "_worker",
        "started",
        "watcher",
    )

    def __init__(
        self, node: Node, worker: str, dev: bool, scope: Scope, receive: Receive, send: Send
    ) -> None:
        self._node = node
        self._worker = worker
        self._dev = dev
        self._scope = scope
        self._receive = receive
        self._send = send
        self._isolate: Isolate | None = None
        self._active: ActiveRequest | None = None
        self._unread: _ClientBody | None = None
        self._sending: Body | None = None
        self._gone = False
        self._too_large = False
        self.started = time.monotonic()
        self.watcher: asyncio.Task[None] | None = None

    async def run(self) -> None:
        scope = self._scope
        try:
            request = await self._request()
        except BodyError:
            return
        except UnknownWorker:
            await self._send_page(generic(404))
            return
        except _Refused as refused:
            await self._send_page(generic(refused.status))
            return
        except ValueError:
            await self._send_page(generic(400))
            return
        try:
            isolate, active = await self._node.begin(self._worker, request)
        except WorkerFailure as failure:
            await self._send_failure(failure)
            return
        except UnknownWorker:
            await self._send_page(generic(404))
            return
        except HostError as error:
            await self._send_page(generic(503), WorkerError("HostError", str(error), ""))
            return
        self._isolate, self._active = isolate, active
        if self._gone:
            self._left()
        try:
            response = await active.head
        except WorkerFailure as failure:
            if self._too_large:
                await self._send_page(generic(413))
                return
            origin = await self._node.pass_through(active) if failure.pass_through else None
            if origin is None:
                await self._send_failure(failure)
                return
            response = origin
        await self._send_response(response, scope["method"] == "HEAD")

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
        if self._isolate is not None and self._active is not None:
            self._isolate.client_gone(self._active)
        if self._sending is not None:
            self._sending.discard()  # which ends the read that waits for more of it

    def _grew(self) -> None:
        self._too_large = True

    async def _request(self) -> Request:
        """Raises ValueError for what no Worker should see, BodyError when the client left, and
        UnknownWorker."""
        scope = self._scope
        limits = self._node.limits(self._worker)
        method: str = scope["method"]
        hosts: list[str] = []
        size = 0
        length, chunked = None, False
        headers: list[str] = []
        for raw_name, raw_value in scope["headers"]:
            size += len(raw_name) + len(raw_value)
            name: str = raw_name.decode("latin-1")
            value: str = raw_value.decode("latin-1")
            if name == "host":
                hosts.append(value)
            elif name == "content-length":
                length = _content_length(value)
            elif name in _NOT_FOR_WORKERS:
                chunked = chunked or name == "transfer-encoding"
                continue
            headers += (name, value)
        if size > limits.request_headers_kb << 10:
            raise _Refused(431)
        protocol = _PROTOCOLS.get(scope["http_version"], "HTTP/1.1")
        if not any(hosts) and protocol == "HTTP/1.0":  # granian gives an empty one for none
            server = scope.get("server") or ("localhost", None)
            hosts = [server[0] if server[1] is None else f"{server[0]}:{server[1]}"]
        # RFC 9112 §3.2: exactly one.
        if len(hosts) != 1 or not _HOST.fullmatch(hosts[0]):
            raise ValueError("a Host header that is none")
        scheme: str = scope["scheme"]
        headers += ("x-forwarded-proto", scheme)
        client = scope.get("client")
        if client:
            headers += ("cf-connecting-ip", client[0], "x-real-ip", client[0])
        path: str = scope["raw_path"].decode()  # whatever is not ASCII in it is UTF-8
        query: bytes = scope["query_string"]
        url = f"{scheme}://{hosts[0]}{'' if path.startswith('/') else '/'}{path}"
        if query:
            url = f"{url}?{query.decode()}"
        if len(url) > limits.url_kb << 10:
            raise _Refused(414)
        http2 = protocol == "HTTP/2"
        cf = {"httpProtocol": protocol}
        if method in ("GET", "HEAD"):
            return Request(method, url, headers, None, cf)
        most = limits.request_body_mb << 20
        body = await self._body(length, chunked or http2, most)
        return Request(method, url, headers, body, cf)

    async def _body(self, length: int | None, chunked: bool, most: int) -> bytes | Body | None:
        if length == 0 or (length is None and not chunked):
            return None
        if length is not None and length > most:
            raise _Refused(413)
        body = _ClientBody(self._receive, length, most, self._left, self._grew)
        if length is not None and length <= INLINE_BODY:
            return await read_all(body)
        self._unread = body
        return body

    async def _send_failure(self, failure: WorkerFailure) -> None:
        await self._send_page(_kind(failure), failure.error, failure.ray)

    async def _send_page(
        self, kind: ErrorKind, error: WorkerError | None = None, ray: str = ""
    ) -> None:
        details = None
        if self._dev and error is not None:
            bundle = self._node.bundle(self._worker)
            details = PageDetails.of(error, Sources(bundle.modules, bundle.files))
        accept = b",".join(value for name, value in self._scope["headers"] if name == b"accept")
        page = error_response(kind, accept=accept, details=details, ray=ray)
        body = b"" if self._scope["method"] == "HEAD" else page.body
        await self._send_whole(page.status, [*page.headers, _SERVER], body)

    async def _send_response(self, response: Response, head: bool) -> None:
        parts = [part.encode("latin-1") for part in response.headers]
        names = parts[::2]
        headers = list(zip(names, parts[1::2], strict=True))
        if b"server" not in names:
            headers.append(_SERVER)
        body = response.body
        if body is not None or not head:  # else it is the Worker that knows the length, if any
            if b"content-length" in names:
                headers = [header for header in headers if header[0] != b"content-length"]
            length = len(body or b"") if body is None or isinstance(body, bytes) else body.length
            if length is not None and response.status not in (204, 304):
                headers.append((b"content-length", b"%d" % length))
        if body is None or isinstance(body, bytes):
            await self._send_whole(response.status, headers, b"" if head else body or b"")
            return
        if head:
            body.discard()
            await self._send_whole(response.status, headers, b"")
            return
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
                raise BodyError("The client disconnected before its request was complete.")
            self.ended = not message.get("more_body", False)
            if chunk := message.get("body", b""):
                self._left -= len(chunk)
                if self._left < 0:
                    self.ended = True
                    self._on_too_large()
                    raise BodyError(f"The request's body is larger than {self._most >> 20} MB.")
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


def _content_length(value: str) -> int:
    """RFC 9110 §8.6: digits. (What Python calls a number is more.) Raises ValueError."""
    if not (value.isascii() and value.isdigit()):
        raise ValueError("a Content-Length that is none")
    return int(value)


def _kind(failure: WorkerFailure) -> ErrorKind:
    match failure.outcome:
        case Outcome.EXCEEDED_CPU | Outcome.EXCEEDED_MEMORY | Outcome.EXCEEDED_WALL_TIME:
            return EXCEEDED_LIMITS
        case Outcome.EXCEPTION:
            return THREW
        case _:
            return generic(500)
