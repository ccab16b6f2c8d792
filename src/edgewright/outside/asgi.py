"""A service that is an ASGI application, in the gateway's own event loop.

It is the operator's code, and trusted as the gateway is: what blocks in it holds up all requests.
https://asgi.readthedocs.io/en/latest/specs/main.html
"""

from __future__ import annotations

import asyncio
import sys
import traceback
from typing import Any
from urllib.parse import unquote_to_bytes, urlsplit

from edgewright.config.worker_config import ConfigError
from edgewright.messages import CONNECTION_HEADERS, Body, BodyError, Request, discard
from edgewright.outside.failure import FailsLater
from edgewright.outside.lifespan import Lifespan
from edgewright.subrequest.upstream import (
    NULL_BODY,
    Settle,
    Subrequest,
    SubrequestError,
    UpstreamResponse,
)

_FAILED = "The service has failed."


class AsgiService:
    """Hands requests to an application."""

    def __init__(self, name: str, app: Any) -> None:
        self._name = name
        self._app = app
        self._lifespan = Lifespan(app)
        self._tasks: set[asyncio.Task[None]] = set()

    async def open(self) -> None:
        """Raises ConfigError where the application says that it can't start."""
        failure = await self._lifespan.start()
        if failure is not None:
            raise ConfigError(f'The service "{self._name}" could not start: {failure}')

    def start(self, request: Request, settle: Settle) -> Subrequest:
        try:
            scope = _scope(request, self._lifespan.state)
        except ValueError as error:
            discard(request.body)
            return FailsLater(settle, SubrequestError(f"Invalid URL: {error}"))
        call = AsgiCall(self._name, request, settle)
        call.task = asyncio.get_running_loop().create_task(call.run(self._app, scope))
        self._tasks.add(call.task)
        call.task.add_done_callback(self._tasks.discard)
        return call

    async def close(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._lifespan.stop()


class AsgiCall:
    """One request, and what the application makes of it."""

    def __init__(self, name: str, request: Request, settle: Settle) -> None:
        self._name = name
        self._request = request
        self._settle: Settle | None = settle
        self._start: dict[str, Any] | None = None
        self._body: _AppBody | None = None
        self._sent = False
        """The application has the whole request."""
        self._gone = asyncio.Event()
        self.task: asyncio.Task[None] | None = None

    def cancel(self) -> None:
        """Gives it up before there is an answer."""
        self._settle = None
        self._gone.set()
        if self.task is not None:
            self.task.cancel()

    async def run(self, app: Any, scope: dict[str, Any]) -> None:
        failure: str | None = None
        try:
            await app(scope, self._receive, self._send)
            if self._settle is not None or (self._body is not None and not self._body.ended):
                failure = "The service has ended without having answered."
        except asyncio.CancelledError:
            failure = "The service was stopped."
            raise
        except Exception:
            if not self._gone.is_set():
                # Whose the application is wants to know; the Worker must not.
                print(f'The service "{self._name}" has thrown:', file=sys.stderr)
                traceback.print_exc()
            failure = _FAILED
        finally:
            discard(self._request.body)
            if failure is not None:
                self._fail(failure)

    def _fail(self, failure: str) -> None:
        settle, self._settle = self._settle, None
        if settle is not None:
            settle(SubrequestError(failure, "Error"))
        elif self._body is not None:
            self._body.break_off(failure)

    async def _receive(self) -> dict[str, Any]:
        if self._sent:
            await self._gone.wait()
            return {"type": "http.disconnect"}
        body = self._request.body
        if body is None or isinstance(body, bytes):
            self._sent = True
            return {"type": "http.request", "body": body or b"", "more_body": False}
        try:
            chunk = await body.read()
        except BodyError:
            self._sent = True
            self._gone.set()
            return {"type": "http.disconnect"}
        self._sent = not chunk
        return {"type": "http.request", "body": chunk, "more_body": bool(chunk)}

    async def _send(self, message: dict[str, Any]) -> None:
        if self._gone.is_set():
            raise OSError("Nobody reads the response any more.")
        if message["type"] == "http.response.start":
            self._start = message
        elif message["type"] == "http.response.body" and self._start is not None:
            chunk, more = bytes(message.get("body", b"")), message.get("more_body", False)
            if self._body is not None:
                await self._body.put(chunk, end=not more)
            else:
                self._answer(self._start, chunk, more=more)

    def _answer(self, start: dict[str, Any], chunk: bytes, *, more: bool) -> None:
        settle, self._settle = self._settle, None
        if settle is None:
            return
        status = int(start["status"])
        headers = _flat(start.get("headers", ()))
        body: bytes | _AppBody | None = chunk
        if self._request.method == "HEAD" or status in NULL_BODY:
            body = None
        elif more or len(chunk) > _SHORT:
            body = self._body = _AppBody(chunk, self._gone, end=not more)
        url = self._request.url.partition("#")[0]
        settle(UpstreamResponse(status, "", headers, url, False, body))


_SHORT = 16 * 1024


class _AppBody:
    """What an application sends, no faster than it is read."""

    length = None

    def __init__(self, first: bytes, gone: asyncio.Event, *, end: bool) -> None:
        self._chunk = first
        self._gone = gone
        self.ended = end
        self._broken: str | None = None
        self._wanted = asyncio.Event()
        self._there = asyncio.Event()
        self._there.set()

    async def put(self, chunk: bytes, *, end: bool) -> None:
        """Waits until the reader has taken what was there."""
        while self._chunk and not self._gone.is_set():
            self._wanted.clear()
            await self._wanted.wait()
        if self._gone.is_set():
            raise OSError("Nobody reads the response any more.")
        self._chunk, self.ended = chunk, end
        self._there.set()

    async def read(self) -> bytes:
        while True:
            chunk, self._chunk = self._chunk, b""
            self._wanted.set()
            if chunk:
                return chunk
            if self._broken is not None:
                raise BodyError(self._broken)
            if self.ended:
                return b""
            self._there.clear()
            await self._there.wait()

    def break_off(self, reason: str) -> None:
        self._broken = reason
        self._gone.set()
        self._wanted.set()
        self._there.set()

    def discard(self) -> None:
        self._chunk = b""
        self._gone.set()
        self._wanted.set()
        self._there.set()


def _scope(request: Request, state: dict[str, Any]) -> dict[str, Any]:
    parts = urlsplit(request.url)
    path = parts.path or "/"
    headers = [(b"host", parts.netloc.rpartition("@")[2].encode())]
    for index in range(0, len(request.headers), 2):
        name = request.headers[index]
        if name not in CONNECTION_HEADERS and name not in ("host", "content-length"):
            headers.append((name.encode("latin-1"), request.headers[index + 1].encode("latin-1")))
    length = _length(request.body)
    if length is not None:
        headers.append((b"content-length", b"%d" % length))
    return {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.4"},
        "http_version": "1.1",
        "method": request.method,
        "scheme": parts.scheme,
        "path": unquote_to_bytes(path).decode("utf-8", "replace"),
        "raw_path": path.encode(),
        "query_string": parts.query.encode(),
        "root_path": "",
        "headers": headers,
        "client": None,
        "server": (parts.hostname or "", parts.port),
        "state": state.copy(),
    }


def _length(body: bytes | Body | None) -> int | None:
    if body is None or isinstance(body, bytes):
        return None if body is None else len(body)
    return body.length


def _flat(headers: Any) -> list[str]:
    flat: list[str] = []
    for name, value in headers:
        lower = bytes(name).decode("latin-1").lower()
        if lower not in CONNECTION_HEADERS:
            flat += (lower, bytes(value).decode("latin-1"))
    return flat
