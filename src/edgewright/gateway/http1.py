"""HTTP/1.1 in: llhttp (httptools) on the event loop's own transports.

Why not granian here as well, as for TLS: its connections live on threads of their own, and at one
request at a time the wake-ups between those and ours were a quarter of what a request takes.
"""

from __future__ import annotations

import asyncio
import socket
import time
from email.utils import formatdate

from edgewright.gateway.dispatch import Handler
from edgewright.gateway.http1_connection import Connection

_SWEEP = 1.0


class Http1Server:
    """Accepts connections on a listener."""

    def __init__(self, handler: Handler, *, max_connections: int) -> None:
        self.handler = handler
        self.loop = asyncio.get_running_loop()
        self.date = b""
        """The Date header's line (RFC 9110 §6.6.1), made anew each second; and the end of a head
        that has it."""
        self.date_and_end = b""
        self.stopping = False
        self._max_connections = max_connections
        self._connections: set[Connection] = set()
        self._unflushed: list[Connection] = []
        self._empty = asyncio.Event()
        self._listener: asyncio.Server | None = None
        self._sweeping: asyncio.TimerHandle | None = None

    async def start(self, listener: socket.socket) -> None:
        """Takes the listener over."""
        self._sweep()
        self._listener = await self.loop.create_server(lambda: Connection(self), sock=listener)

    def stop(self) -> None:
        """Refuses new connections, closes the idle ones, and the others after their response."""
        self.stopping = True
        if self._listener is not None:
            self._listener.close()
        for connection in self._connections.copy():
            connection.finish()
        if not self._connections:
            self._empty.set()

    async def stopped(self) -> None:
        """Returns when the last connection has ended."""
        await self._empty.wait()

    async def close(self) -> None:
        """Ends everything at once."""
        self.stop()
        if self._sweeping is not None:
            self._sweeping.cancel()
        tasks = [task for connection in self._connections for task in connection.tasks()]
        for connection in self._connections.copy():
            connection.abort()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def opened(self, connection: Connection) -> bool:
        """Whether there is room for it."""
        if len(self._connections) >= self._max_connections:
            return False
        self._connections.add(connection)
        return True

    def closed(self, connection: Connection) -> None:
        self._connections.discard(connection)
        if self.stopping and not self._connections:
            self._empty.set()

    @property
    def gathers(self) -> bool:
        """Whether what is said to clients goes out together, once all that has come in was dealt
        with: what one turn of an isolate answers, or what is refused at once. Each answer alone
        would wake a client up, which costs more than to make it. With one connection there is
        nothing to gather."""
        return len(self._connections) > 1

    def flush_soon(self, connection: Connection) -> None:
        """Sends what a connection has gathered in the next round of the event loop."""
        if not self._unflushed:
            self.loop.call_soon(self._flush)
        self._unflushed.append(connection)

    def _flush(self) -> None:
        connections, self._unflushed = self._unflushed, []
        for connection in connections:
            connection.flush()

    def _sweep(self) -> None:
        self.date = b"date: %b\r\n" % formatdate(usegmt=True).encode()
        self.date_and_end = self.date + b"\r\n"
        now = time.monotonic()
        for connection in self._connections.copy():
            if connection.deadline < now:
                connection.expire()
        self._sweeping = self.loop.call_later(_SWEEP, self._sweep)
