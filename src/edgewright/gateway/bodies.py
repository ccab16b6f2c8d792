"""Bodies between an isolate and the rest: what it produces (sinks), and what it reads (streams)."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

from edgewright.gateway.active import ActiveRequest
from edgewright.gateway.coding import DecodedBody
from edgewright.messages import Body, BodyError
from edgewright.protocol.messages import SINK_WINDOW


class SinkBody:
    """A body that an isolate produces, under flow control."""

    def __init__(
        self,
        length: int | None,
        *,
        on_taken: Callable[[int], None],
        on_cancel: Callable[[], None],
    ) -> None:
        self.length = length
        """As the isolate has announced it. It is held to that."""
        self._given = 0
        self._chunks: deque[bytes] = deque()
        self._held = 0
        self._ended = False
        self._error: str | None = None
        self._waiter: asyncio.Future[None] | None = None
        self._on_taken = on_taken
        self._on_cancel = on_cancel

    @property
    def held(self) -> int:
        """Bytes that nobody has read yet."""
        return self._held

    @property
    def full(self) -> bool:
        """Whether the isolate has used its credit up. (Its last chunk may go beyond.)"""
        return self._held >= SINK_WINDOW

    async def read(self) -> bytes:
        while not self._chunks:
            if self._error is not None:
                raise BodyError(self._error)
            if self._ended:
                if self.length is not None and self._given < self.length:
                    raise BodyError("The body is shorter than it was said to be.")
                return b""
            self._waiter = asyncio.get_running_loop().create_future()
            await self._waiter
        # What has come together goes out together: fewer wake-ups for the same bytes.
        chunk = self._chunks.popleft() if len(self._chunks) == 1 else b"".join(self._chunks)
        self._chunks.clear()
        self._held = 0
        self._given += len(chunk)
        if self.length is not None and self._given > self.length:
            raise BodyError("The body is longer than it was said to be.")
        if not self._ended:
            self._on_taken(len(chunk))
        return chunk

    def discard(self) -> None:
        self._chunks.clear()
        if not self._ended:
            self._ended = True
            self._on_cancel()
            self._wake()

    def push(self, chunk: bytes) -> None:
        """Bytes from the isolate."""
        if chunk and not self._ended:
            self._chunks.append(chunk)
            self._held += len(chunk)
            self._wake()

    def end(self, error: str | None) -> None:
        """The isolate has sent all, or broke off."""
        self._ended = True
        self._error = error
        self._wake()

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)


class HeldBody:
    """A large body that came from an isolate in one piece. Who holds it is told when it is gone."""

    def __init__(self, data: bytes, on_gone: Callable[[], None]) -> None:
        self.length = len(data)
        self._data = memoryview(data)
        self._on_gone: Callable[[], None] | None = on_gone

    async def read(self) -> bytes:
        chunk = bytes(self._data[:SINK_WINDOW])
        self._data = self._data[SINK_WINDOW:]
        if not self._data:
            self.discard()
        return chunk

    def discard(self) -> None:
        self._data = memoryview(b"")
        if self._on_gone is not None:
            self._on_gone()
            self._on_gone = None


@dataclass(slots=True)
class Stream:
    """A body that the gateway holds for an isolate, which may read it or pass it on."""

    owner: ActiveRequest
    """Whose it is."""
    body: Body
    coding: str | None = None
    """The Content-Encoding of `body`, where it is one that Workers see decoded."""
    reading: asyncio.Task[None] | None = None
    op: int | None = None
    """The subrequest whose connection is open as long as this is."""
    used: float = 0.0
    """When it came or was last read, on the event loop's clock."""

    ended: bool = False
    """Whether all has been read."""

    async def read(self, least: int) -> bytes:
        """At least so many bytes, unless it ends before that; none at the end."""
        first = await self._next()
        if self.ended or len(first) >= least:
            return first
        gathered = bytearray(first)
        while len(gathered) < least and not self.ended:
            gathered += await self._next()
        return bytes(gathered)

    async def _next(self) -> bytes:
        if self.ended:
            return b""
        part = await self.decoded().read()
        self.used = time.perf_counter()
        self.ended = not part
        return part

    def decoded(self) -> Body:
        """The body as a Worker reads it."""
        if self.coding is not None:
            self.body = DecodedBody(self.body, self.coding)
            self.coding = None
        return self.body

    def discard(self) -> None:
        if self.reading is not None:
            self.reading.cancel()
        self.body.discard()
