"""Where DevTools finds the Workers: the inspector's HTTP endpoints and WebSockets, on the loopback
interface only.

Any page in the developer's browser can make it connect here. So a page is refused by its Origin,
and one that has made its own name lead here (DNS rebinding) by the Host.

https://chromedevtools.github.io/devtools-protocol/#endpoints
"""

from __future__ import annotations

import socket
from http import HTTPStatus
from importlib.metadata import version
from types import TracebackType
from typing import Self
from urllib.parse import quote, unquote, urlsplit

import msgspec
from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.datastructures import Headers
from websockets.http11 import Request, Response

from edgewright.gateway.inspector.session import Session
from edgewright.gateway.inspector.targets import Targets

DEFAULT_PORT = 9229
"""That of Node.js and of Wrangler, where front-ends look."""

_HOST = "127.0.0.1"
_HOSTS = frozenset({"127.0.0.1", "localhost", "::1"})
_ORIGINS = frozenset({None, "devtools://devtools"})
"""Programs send none."""

_FRONT_END = "devtools://devtools/bundled/js_app.html?experiments=true&v8only=true&ws="
_FIRST = ("/", "/ws")
"""Where somebody looks who knows of one Worker only."""

_MOST = 64 << 20
"""Bytes of a message from a front-end."""


class InspectorError(Exception):
    """The port is taken."""


def listen(port: int | None) -> socket.socket:
    """At a port of one's choice; or else at the usual one, or at any if that is taken. Raises
    InspectorError."""
    for each in (DEFAULT_PORT, 0) if port is None else (port,):
        listener = socket.socket()
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((_HOST, each))
            return listener
        except OSError as error:
            listener.close()
            if port is not None:
                raise InspectorError(f"DevTools can't have port {port}: {error.strerror}") from None
    raise InspectorError("There is no free port for DevTools.")


class InspectorServer:
    """Serves as a context manager."""

    def __init__(self, targets: Targets, listener: socket.socket) -> None:
        self._targets = targets
        self._listener = listener
        self._address = f"{_HOST}:{listener.getsockname()[1]}"
        self._server: Server | None = None

    def url(self, name: str) -> str:
        """What to open in a browser, for a Worker."""
        return f"{_FRONT_END}{self._address}/{quote(name, safe='')}"

    async def __aenter__(self) -> Self:
        self._server = await serve(
            self._session,
            sock=self._listener,
            process_request=self._request,
            compression=None,
            max_size=_MOST,
            ping_interval=None,
            server_header=None,
        )
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """What was paused goes on."""
        if self._server is not None:
            self._server.close()
            await self._server.wait_closed()

    def _request(self, _connection: ServerConnection, request: Request) -> Response | None:
        """None where it may become a WebSocket."""
        host = urlsplit(f"//{request.headers.get('Host', '')}").hostname
        if host not in _HOSTS:
            return _response(HTTPStatus.FORBIDDEN, "This is not a host that DevTools are at.\n")
        if request.headers.get("Origin") not in _ORIGINS:
            return _response(HTTPStatus.FORBIDDEN, "A page must not use DevTools.\n")
        path = urlsplit(request.path).path
        if path in ("/json", "/json/list"):
            return _json([self._describe(name) for name in self._targets.names()])
        if path == "/json/version":
            browser = f"Edgewright/{version('edgewright')}"
            return _json({"Browser": browser, "Protocol-Version": "1.3"})
        if self._worker(request.path) is None:
            return _response(HTTPStatus.NOT_FOUND, "There is no such Worker. See /json/list.\n")
        return None

    def _worker(self, path: str) -> str | None:
        """The Worker that a WebSocket is for."""
        names = self._targets.names()
        path = urlsplit(path).path
        name = unquote(path.removeprefix("/"))
        if name in names:
            return name
        return names[0] if names and path in _FIRST else None

    async def _session(self, connection: ServerConnection) -> None:
        assert connection.request is not None
        name = self._worker(connection.request.path)
        if name is not None:
            await Session(connection, self._targets, name).run()

    def _describe(self, name: str) -> dict[str, str]:
        target = self._targets.get(name)
        main = None if target is None else target.bundle.files.get(target.bundle.main)
        return {
            "id": name,
            "type": "node",
            "title": f"{name} (Edgewright)",
            "description": "a Worker",
            "url": "" if main is None else main.absolute().as_uri(),
            "devtoolsFrontendUrl": self.url(name),
            "webSocketDebuggerUrl": f"ws://{self._address}/{quote(name, safe='')}",
        }


def _json(value: object) -> Response:
    return _response(HTTPStatus.OK, msgspec.json.encode(value).decode(), "application/json")


def _response(status: HTTPStatus, text: str, kind: str = "text/plain") -> Response:
    body = text.encode()
    headers = Headers(
        {
            "Content-Type": f"{kind}; charset=utf-8",
            "Content-Length": str(len(body)),
            "Connection": "close",
        }
    )
    return Response(status.value, status.phrase, headers, body)
