"""Bodies as the cache gives them out."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from edgewright.messages import Body, BodyError

CHUNK = 256 * 1024


class BytesBody:
    """Bytes that are there already, given out bit by bit."""

    def __init__(self, data: bytes) -> None:
        self.length: int | None = len(data)
        self._data = memoryview(data)

    async def read(self) -> bytes:
        chunk, self._data = bytes(self._data[:CHUNK]), self._data[CHUNK:]
        return chunk

    def discard(self) -> None:
        self._data = memoryview(b"")


class ReadingBody:
    """What `read(offset)` gives, up to `length`: it comes from a file, or from over the network."""

    def __init__(
        self, length: int, read: Callable[[int], Awaitable[bytes]], close: Callable[[], None]
    ) -> None:
        self.length: int | None = length
        self._size = length
        self._read = read
        self._close: Callable[[], None] | None = close
        self._offset = 0

    async def read(self) -> bytes:
        if self._close is None or self._offset >= self._size:
            self.discard()
            return b""
        chunk = await self._read(self._offset)
        if not chunk:
            self.discard()
            raise BodyError("The cached body is incomplete.")
        chunk = chunk[: self._size - self._offset]
        self._offset += len(chunk)
        return chunk

    def discard(self) -> None:
        close, self._close = self._close, None
        if close is not None:
            close()


class PartOfBody:
    """From `start` to `end` of a body."""

    def __init__(self, body: Body, start: int, end: int) -> None:
        self.length: int | None = end - start
        self._body = body
        self._skip = start
        self._left = end - start

    async def read(self) -> bytes:
        while self._left > 0:
            chunk = await self._body.read()
            if not chunk:
                break
            if self._skip >= len(chunk):
                self._skip -= len(chunk)
                continue
            chunk = chunk[self._skip : self._skip + self._left]
            self._skip = 0
            self._left -= len(chunk)
            return chunk
        self._body.discard()
        return b""

    def discard(self) -> None:
        self._left = 0
        self._body.discard()
