"""A body that comes from an upstream once, is stored, and is read by several at the same time.

It is taken in as fast as it comes and read from where it is stored, each reader at its own pace, so
that a slow one holds nobody up. One that turns out to be larger than the store takes is not stored:
what there is beyond that is kept until all have read it, and then the slowest sets the pace.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable

from edgewright.cache.store import StoreError, Writing
from edgewright.messages import Body, BodyError

_AHEAD = 1 << 20
"""Bytes that are kept of what is not stored."""


class Spool:
    """`on_unread` is called when nobody reads it any more, and it has not ended."""

    def __init__(self, writing: Writing, largest: int, on_unread: Callable[[], None]) -> None:
        self.stored = 0
        self.too_large = False
        self._writing = writing
        self._largest = largest
        self._on_unread = on_unread
        self._readers: set[SpoolReader] = set()
        self._rest: deque[bytes] = deque()
        """What did not fit, from the slowest reader's place on."""
        self._rest_start = 0
        self._end = 0
        self._over = False
        self._error: str | None = None
        self._moved: asyncio.Future[None] | None = None

    async def fill(self, body: Body) -> None:
        """Takes the whole body in. Raises BodyError when it breaks off."""
        try:
            while chunk := await body.read():
                if not self.too_large and self._end + len(chunk) > self._largest:
                    self.too_large = True
                    self._rest_start = self._end
                if not self.too_large:
                    await self._store(chunk)
                if self.too_large:
                    self._rest.append(chunk)
                self._end += len(chunk)
                self._wake()
                while self.too_large and self._end - self._slowest() > _AHEAD:
                    await self._wait()
                    self._forget()
        except BodyError as error:
            self._error = str(error)
            raise
        except BaseException:
            self._error = "The response was given up."
            raise
        finally:
            body.discard()
            self._over = True
            self._wake()

    async def _store(self, chunk: bytes) -> None:
        try:
            await self._writing.write(chunk)
        except StoreError:  # A disk is full, say. Those who read it are to get it all the same.
            self.too_large = True
            self._rest_start = self._end
        else:
            self.stored += len(chunk)

    def reader(self, length: int | None) -> SpoolReader:
        reader = SpoolReader(self, length)
        self._readers.add(reader)
        return reader

    def close(self) -> None:
        """Nobody else will come to read."""
        self._over = True
        if not self._readers:
            self._writing.abort()

    async def read(self, offset: int) -> bytes:
        """The next bytes, empty at the end. Raises BodyError."""
        while offset >= self._end:
            if self._error is not None:
                raise BodyError(self._error)
            if self._over:
                return b""
            await self._wait()
        if offset < self.stored:
            return await self._writing.read(offset)
        position = self._rest_start
        for chunk in self._rest:
            if offset < position + len(chunk):
                return chunk[offset - position :]
            position += len(chunk)
        raise BodyError("The response was given up.")

    def leave(self, reader: SpoolReader) -> None:
        """A reader has read enough."""
        self._readers.discard(reader)
        self._wake()
        if self._readers:
            return
        if self._over:
            self._writing.abort()
        else:
            self._on_unread()

    def _slowest(self) -> int:
        return min((reader.offset for reader in self._readers), default=self._end)

    def _forget(self) -> None:
        slowest = self._slowest()
        while self._rest and self._rest_start + len(self._rest[0]) <= slowest:
            self._rest_start += len(self._rest.popleft())

    async def _wait(self) -> None:
        if self._moved is None:
            self._moved = asyncio.get_running_loop().create_future()
        await asyncio.shield(self._moved)

    def _wake(self) -> None:
        if self._moved is not None:
            self._moved.set_result(None)
            self._moved = None

    def advanced(self) -> None:
        """A reader has read on."""
        if self.too_large:
            self._wake()


class SpoolReader:
    """One reader's view of the body."""

    def __init__(self, spool: Spool, length: int | None) -> None:
        self.length = length
        self.offset = 0
        self._spool: Spool | None = spool

    async def read(self) -> bytes:
        spool = self._spool
        if spool is None:
            return b""
        try:
            chunk = await spool.read(self.offset)
        except BodyError:
            self.discard()
            raise
        self.offset += len(chunk)
        if chunk:
            spool.advanced()
        else:
            self.discard()
        return chunk

    def discard(self) -> None:
        spool, self._spool = self._spool, None
        if spool is not None:
            spool.leave(self)
