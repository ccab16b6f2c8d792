"""HTTP in, in the running event loop, on a socket somebody else bound: plain HTTP/1.1 by our own
server, TLS and HTTP/2 by granian.

The only file that knows granian. What it relies on beyond granian's public interface:

- `Server._init_shared_socket` is where the embedded server makes its listener; we put ours there,
  because the supervisor binds the port once and every gateway accepts from the same queue.
- `ASGINL` keeps `raw_path` and the bytes of headers, and its `send` waits for a slow reader (RSGI
  does none of the three).
- `Server.stop()` closes the listener and lets connections finish what they began.

tests/gateway/test_server.py holds granian to that.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import ssl
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

from granian._granian import SocketHolder
from granian.constants import HTTPModes, Interfaces, SSLProtocols
from granian.http import HTTP1Settings, HTTP2Settings
from granian.server.embed import Server as GranianServer

from edgewright.gateway.asgi import ASGIApp, AsgiApp, Receive, Scope, Send
from edgewright.gateway.dispatch import Handler
from edgewright.gateway.http1 import Http1Server

MAX_HEADERS = 128 * 1024
"""Bytes of a request's head, as the platform has it: more gets a 431 or a closed connection."""

HEADER_TIMEOUT_MS = 30_000
"""For a whole request head to arrive. Idle kept-alive connections end by it as well."""

MAX_CONNECTIONS = 16_384
"""Open at once, per gateway; more wait in the socket's queue."""

QUIET = 1.0
"""Seconds without any request in flight after which a drain no longer waits for connections that
are merely open: a browser's spare connection, say, that has never sent a byte."""

_GOODBYE = 5.0
"""Seconds for the Close frames of WebSockets to go out, to those who read them slowly."""


class ServerError(Exception):
    """The server cannot run; the message is for the person who started it."""


@dataclass(frozen=True, slots=True)
class Tls:
    """A certificate chain and its private key, both PEM files."""

    cert: Path
    key: Path

    def check(self) -> None:
        """Raises ServerError, with one sentence, when they are no use."""
        for path, what in ((self.cert, "certificate"), (self.key, "private key")):
            try:
                path.open("rb").close()
            except OSError as error:
                reason = error.strerror or type(error).__name__
                raise ServerError(f"cannot read the TLS {what} {path}: {reason}") from error
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        try:
            # An empty password keeps OpenSSL from asking for one on the terminal.
            context.load_cert_chain(self.cert, self.key, password="")
        except ssl.SSLError as error:
            raise ServerError(
                f"TLS certificate {self.cert} and key {self.key} cannot be used together: "
                f"{error.reason or 'not PEM, or the key is encrypted'}"
            ) from error


async def serve(
    handler: Handler,
    listener: socket.socket,
    stop: asyncio.Event,
    *,
    tls: Tls | None = None,
    drain: float = 30.0,
) -> None:
    """Serves until `stop` is set, then refuses connections and lets requests finish.

    Takes `listener`, which must be listening, over, and has closed it when this returns. Returns
    once all is done or `drain` seconds are over; what is in flight then is the caller's to end.

    raises: ServerError when the TLS files are no use or the server ended by itself.
    """
    if tls is not None:
        app = AsgiApp(handler)
        await serve_asgi(app, listener, stop, tls=tls, drain=drain, leave=app.go_away)
        return
    server = Http1Server(handler, max_connections=MAX_CONNECTIONS)
    await server.start(listener)
    try:
        await stop.wait()
        server.stop()
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(server.stopped(), drain)
    finally:
        await server.close()


async def serve_asgi(
    app: ASGIApp,
    listener: socket.socket,
    stop: asyncio.Event,
    *,
    tls: Tls | None = None,
    drain: float = 30.0,
    leave: Callable[[], Awaitable[None]] | None = None,
) -> None:
    """The same for an ASGI application, by granian. `leave` says goodbye to WebSockets."""
    if tls is not None:
        tls.check()
    counted = _CountedApp(app)
    server = _EmbeddedServer(counted, listener, tls)
    serving = asyncio.create_task(server.serve())
    stopping = asyncio.create_task(stop.wait())
    try:
        await asyncio.wait((serving, stopping), return_when=asyncio.FIRST_COMPLETED)
        if serving.done():
            raise ServerError("the HTTP server ended unexpectedly") from serving.exception()
        if leave is not None:  # first: granian does not wait for its WebSockets when it stops
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(leave(), min(drain, _GOODBYE))
        server.stop()
        await _drained(serving, counted, drain)
    finally:
        stopping.cancel()
        serving.cancel()
        await asyncio.gather(serving, stopping, return_exceptions=True)


async def _drained(serving: asyncio.Task[None], app: _CountedApp, drain: float) -> None:
    """Until every connection has ended, none of them matters any more, or time is up."""
    clock = asyncio.get_running_loop().time
    deadline = clock() + drain
    quiet_since = clock()
    while (now := clock()) < deadline:
        if app.in_flight:
            quiet_since = now
        elif now - quiet_since >= QUIET:
            return
        done, _ = await asyncio.wait((serving,), timeout=min(0.05, deadline - now))
        if done:
            return


class _CountedApp:
    """Knows how many requests the app is at."""

    __slots__ = ("_app", "in_flight")

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self.in_flight = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.in_flight += 1
        try:
            await self._app(scope, receive, send)
        finally:
            self.in_flight -= 1


class _EmbeddedServer(GranianServer):
    def __init__(self, app: ASGIApp, listener: socket.socket, tls: Tls | None) -> None:
        super().__init__(
            app,
            interface=Interfaces.ASGINL,
            http=HTTPModes.auto,
            websockets=True,
            backpressure=MAX_CONNECTIONS,
            http1_settings=HTTP1Settings(
                header_read_timeout=HEADER_TIMEOUT_MS, max_buffer_size=MAX_HEADERS
            ),
            http2_settings=HTTP2Settings(
                # A peer that vanished without a word would hold its streams forever.
                keep_alive_interval=30_000,
                max_headers_size=MAX_HEADERS,
            ),
            # With logging on it says that the embedded server is experimental; the contract
            # test is our answer to that.
            log_enabled=False,
            ssl_cert=tls.cert if tls else None,
            ssl_key=tls.key if tls else None,
            ssl_protocol_min=SSLProtocols.tls12,
        )
        self._listener = listener

    def _init_shared_socket(self) -> None:
        self._listener.setblocking(False)
        # granian closes the descriptor that it is given.
        fd = self._listener.detach()
        self._ssp = None
        # granian's stub leaves the constructor out.
        self._shd = SocketHolder(fd, False, self.backlog)  # pyright: ignore[reportCallIssue]
        self._sfd = self._shd.get_fd()
