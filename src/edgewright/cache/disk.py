"""A store in a folder: an index (index.py), and a file for each body that is too large for it.

All gateways of a node share it, and what one has written outlives it, however it ended. A body is
written to a file of another name, and renamed before the index names it: so a name leads to a whole
body or to nothing. The power going off is the one case where the file system may have lost what it
had not written yet, and then the size is wrong; such a body is not served.

What writes, and what reads files, happens on one thread beside the event loop; the index is read on
the loop.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import sqlite3
import time
from collections.abc import Callable, Generator
from concurrent.futures import ThreadPoolExecutor
from functools import cached_property
from pathlib import Path
from typing import IO, ParamSpec, TypeVar
from uuid import uuid4

from edgewright.cache.body import CHUNK, ReadingBody
from edgewright.cache.index import INSIDE, Index
from edgewright.cache.record import Purge, Record
from edgewright.cache.store import StoreError, Usage, Writing
from edgewright.messages import Body

_LEFT_BEHIND = 900.0
"""Seconds after which a file that nothing leads to is nobody's that still writes it."""

P = ParamSpec("P")
T = TypeVar("T")


class DiskStore:
    """See Store. Room for `most` bytes in `folder`, which is made when something is first looked
    for; None is as much as whoever stored there last had."""

    def __init__(self, folder: Path, most: int | None) -> None:
        self.largest = 0 if most is None else most // 4
        self._most = most
        self._folder = folder
        self._thread = _Thread()
        self._touched: dict[str, float] = {}

    @cached_property
    def _index(self) -> Index:
        """For the event loop."""
        return self._open_index()

    @cached_property
    def _writer(self) -> Index:
        """For the thread."""
        index = self._open_index()
        self._sweep(index)
        return index

    def _open_index(self) -> Index:
        for name in ("bodies", "writing"):
            (self._folder / name).mkdir(mode=0o700, parents=True, exist_ok=True)
        return Index(self._folder / "index.sqlite", self._most)

    async def find(self, key: str) -> list[Record]:
        with _errors():
            found = self._index.find(key)
        for record, used in found:
            if self._index.needs_touch(max(used, self._touched.get(record.id, 0.0))):
                self._touch(record.id)
        return [record for record, _ in found]

    def _touch(self, id: str) -> None:
        if len(self._touched) > 10_000:
            self._touched.clear()
        self._touched[id] = time.time()
        self._thread.later(lambda: self._writer.touch([id]))

    async def open(self, record: Record) -> bytes | Body | None:
        if record.size <= INSIDE:
            with _errors():
                return self._index.body(record.id)
        file = await self._thread.run(_open_whole, self._body(record.id), record.size)
        if file is None:
            return None
        return ReadingBody(
            record.size,
            lambda offset: self._thread.run(os.pread, file.fileno(), CHUNK, offset),
            lambda: self._thread.later(file.close),
        )

    async def put(self, record: Record, body: bytes) -> bool:
        if len(body) <= INSIDE:
            return await self._thread.run(self._add, record, body)
        writing = await self.begin()
        try:
            await writing.write(body)
            return await writing.commit(record)
        finally:
            writing.abort()

    def _add(self, record: Record, body: bytes | None) -> bool:
        stored, gone = self._writer.add(record, body)
        self._remove_bodies(gone)
        return stored

    async def begin(self) -> Writing:
        path = self._folder / "writing" / uuid4().hex
        file = await self._thread.run(self._open_new, path)
        return _DiskWriting(path, file, self._thread, self._commit)

    def _open_new(self, path: Path) -> IO[bytes]:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        return path.open("xb+", 0)

    def _commit(self, path: Path, record: Record) -> bool:
        if record.size <= INSIDE:
            body = path.read_bytes()
            path.unlink()
            return self._add(record, body)
        target = self._body(record.id)
        target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        path.rename(target)
        stored = self._add(record, None)
        if not stored:
            target.unlink(missing_ok=True)
        return stored

    async def replace(self, old: Record, new: Record) -> bool:
        return await self._thread.run(lambda: self._writer.replace(old.id, new))

    async def delete(self, key: str) -> int:
        return await self._thread.run(lambda: self._remove_bodies(self._writer.delete(key)))

    async def purge(self, purge: Purge) -> int:
        return await self._thread.run(lambda: self._remove_bodies(self._writer.purge(purge)))

    async def claim(self, key: str, seconds: float) -> bool:
        return await self._thread.run(lambda: self._writer.claim(key, seconds))

    async def release(self, key: str) -> None:
        await self._thread.run(lambda: self._writer.release(key))

    async def list(
        self, partition: str | None, *, prefix: str = "", after: str = "", limit: int = 1000
    ) -> list[Record]:
        return await self._thread.run(lambda: self._writer.list(partition, prefix, after, limit))

    async def usage(self) -> Usage:
        with _errors():
            return self._index.usage()

    async def close(self) -> None:
        await asyncio.to_thread(self._thread.close)
        for name in ("_index", "_writer"):
            if (index := self.__dict__.pop(name, None)) is not None:
                index.close()

    def _body(self, id: str) -> Path:
        return self._folder / "bodies" / id[:2] / id

    def _remove_bodies(self, ids: list[str]) -> int:
        """Whoever reads one goes on: a file is there as long as it is open."""
        for id in ids:
            self._body(id).unlink(missing_ok=True)
        return len(ids)

    def _sweep(self, index: Index) -> None:
        """Removes what processes have left behind that were killed while they wrote."""
        old = time.time() - _LEFT_BEHIND
        for path in (self._folder / "writing").iterdir():
            with contextlib.suppress(FileNotFoundError):
                if path.stat().st_mtime < old:
                    path.unlink()
        for path in (self._folder / "bodies").glob("*/*"):
            with contextlib.suppress(FileNotFoundError):
                if path.stat().st_mtime < old and not index.has(path.name):
                    path.unlink()


class _DiskWriting:
    """See Writing."""

    def __init__(
        self, path: Path, file: IO[bytes], thread: _Thread, commit: Callable[[Path, Record], bool]
    ) -> None:
        self.size = 0
        self._path: Path | None = path
        self._file: IO[bytes] | None = file
        self._thread = thread
        self._commit = commit

    async def write(self, chunk: bytes) -> None:
        assert self._file is not None
        await self._thread.run(_write, self._file.fileno(), chunk, self.size)
        self.size += len(chunk)

    async def read(self, offset: int) -> bytes:
        assert self._file is not None
        return await self._thread.run(os.pread, self._file.fileno(), CHUNK, offset)

    async def commit(self, record: Record) -> bool:
        path, self._path = self._path, None
        assert path is not None
        return await self._thread.run(self._commit, path, record)

    def abort(self) -> None:
        file, self._file = self._file, None
        if file is not None:
            self._thread.later(file.close)
        path, self._path = self._path, None
        if path is not None:
            self._thread.later(path.unlink, True)


class _Thread:
    """Where things happen one after the other, beside the event loop."""

    def __init__(self) -> None:
        self._executor = ThreadPoolExecutor(1, "cache")

    async def run(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        with _errors():
            return await asyncio.wrap_future(self._executor.submit(function, *args, **kwargs))

    def later(self, function: Callable[P, object], *args: P.args, **kwargs: P.kwargs) -> None:
        self._executor.submit(function, *args, **kwargs)

    def close(self) -> None:
        self._executor.shutdown()


@contextlib.contextmanager
def _errors() -> Generator[None]:
    """Of the disk, as everybody else knows them."""
    try:
        yield
    except (OSError, sqlite3.Error) as error:
        raise StoreError(str(error)) from error


def _open_whole(path: Path, size: int) -> IO[bytes] | None:
    """A body's file, if it is what it should be: as an object, which closes itself should nobody be
    there any more to take it."""
    try:
        file = path.open("rb", 0)
    except FileNotFoundError:
        return None
    if os.fstat(file.fileno()).st_size == size:
        return file
    file.close()
    return None


def _write(file: int, chunk: bytes, offset: int) -> None:
    view = memoryview(chunk)
    while view:
        written = os.pwrite(file, view, offset)
        view, offset = view[written:], offset + written
