"""The body of an upstream's response, as it comes off the connection."""

from __future__ import annotations

import asyncio
from collections import deque
from typing import TYPE_CHECKING

from edgewright.messages import BodyError

if TYPE_CHECKING:
    from edgewright.subrequest.connection import Connection

BUFFER = 256 * 1024
"""Bytes of a body that are taken in before its reader comes for them."""


class Http1Body:
    """A response's body: what has come, until it is read."""

    __slots__ = (
        "_chunks",
        "_connection",
        "_ended",
        "_error",
        "_paused",
        "_size",
        "_waiter",
        "length",
    )

    def __init__(self, connection: Connection, length: int | None) -> None:
        self.length = length
        self._connection = connection
        self._chunks: deque[bytes] = deque()
        self._size = 0
        self._ended = False
        self._error: str | None = None
        self._paused = False
        self._waiter: asyncio.Future[None] | None = None

    async def read(self) -> bytes:
        while not self._chunks:
            if self._error is not None:
                raise BodyError(self._error)
            if self._ended:
                return b""
            self._waiter = asyncio.get_running_loop().create_future()
            await self._waiter
        return self.take()

    @property
    def over(self) -> bool:
        """Whether no more will come."""
        return self._ended

    @property
    def complete(self) -> bool:
        """Whether all of it is here."""
        return self._ended and self._error is None

    def take(self) -> bytes:
        """All that is here and not read."""
        chunk = self._chunks.popleft() if len(self._chunks) == 1 else b"".join(self._chunks)
        self._chunks.clear()
        self._size = 0
        if self._paused:
            self._paused = False
            self._connection.resume()
        return chunk

    def discard(self) -> None:
        if not self._ended:
            self.end(None)
            self._connection.abort()
        self._chunks.clear()

    def break_off(self, reason: str) -> None:
        if not self._ended:
            self._chunks.clear()
            self.end(reason)
            self._connection.abort()

    def push(self, data: bytes) -> None:
        """Bytes from the connection."""
        if self._ended:
            return
        self._chunks.append(data)
        self._size += len(data)
        if self._size > BUFFER and not self._paused:
            self._paused = True
            self._connection.pause()
        self._wake()

    def end(self, error: str | None) -> None:
        """All bytes have come, or no more will."""
        if not self._ended:
            self._ended = True
            self._error = error
            if self._paused:  # The connection is somebody else's from now on.
                self._paused = False
                self._connection.resume()
            self._wake()

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)
