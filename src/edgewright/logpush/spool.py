"""The buffer of a job: a folder that all gateways of a node share.

Each gateway appends to a *segment* of its own, which it holds under a lock; when that is large or
old enough, it is *sealed*, by another name, and may be delivered. What a dead gateway has left open
is known by its lock being free, and is sealed by whoever delivers. What was written is in the
kernel's hands and survives the death of any process; a sealed segment is on the disk.

    00000001763000000000000000-4711-1.new → .open → .ndjson → delivered and removed
"""

from __future__ import annotations

import contextlib
import fcntl
import itertools
import os
import time
from collections.abc import Iterator
from pathlib import Path

_counter = itertools.count(1)


class Spool:
    """One job's folder."""

    def __init__(self, folder: Path) -> None:
        """Raises OSError."""
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self.folder = folder

    def size(self) -> int:
        """Bytes of all that waits."""
        return sum(size for _, size in self._files())

    def sealed(self) -> list[Path]:
        """What may be delivered, the oldest first."""
        return sorted(path for path, _ in self._files() if path.suffix == ".ndjson")

    def adopt(self) -> None:
        """Seals what dead gateways have left open."""
        for path, _ in list(self._files()):
            if path.suffix in (".open", ".new"):
                with contextlib.suppress(FileNotFoundError):
                    _adopt(path)

    def lock(self) -> int | None:
        """The descriptor to keep for as long as one delivers; None where somebody else does."""
        file = os.open(self.folder / "deliver.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        if _try_lock(file):
            return file
        os.close(file)
        return None

    def _files(self) -> Iterator[tuple[Path, int]]:
        with os.scandir(self.folder) as entries:
            for entry in entries:
                with contextlib.suppress(FileNotFoundError):
                    yield Path(entry.path), entry.stat().st_size


class Segment:
    """The one that this process appends to, made when there is something to write. Not for several
    threads at once."""

    def __init__(self, spool: Spool) -> None:
        self._spool = spool
        self._path: Path | None = None
        self._file = -1
        self.began = 0.0
        """By the monotonic clock."""
        self.size = 0
        self.records = 0

    def append(self, lines: bytes, records: int) -> None:
        """All of it or nothing. Raises OSError."""
        if self._path is None:
            self._open()
        try:
            rest = memoryview(lines)
            while rest:
                rest = rest[os.write(self._file, rest) :]
        except OSError:
            os.ftruncate(self._file, self.size)
            os.lseek(self._file, self.size, os.SEEK_SET)
            raise
        self.size += len(lines)
        self.records += records

    def seal(self) -> None:
        """It may be delivered; the next line begins another one."""
        if self._path is None:
            return
        path, self._path = self._path, None
        try:
            os.fsync(self._file)
            path.rename(path.with_suffix(".ndjson"))
        finally:
            os.close(self._file)

    def _open(self) -> None:
        name = f"{time.time_ns():020d}-{os.getpid()}-{next(_counter)}"
        path = self._spool.folder / f"{name}.new"
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
        self._file = os.open(path, flags, 0o600)
        fcntl.flock(self._file, fcntl.LOCK_EX)
        # Only now may it be taken for one that somebody has left.
        self._path = path.rename(path.with_suffix(".open"))
        self.began, self.size, self.records = time.monotonic(), 0, 0


def written_at(path: Path) -> float:
    """When a segment was begun, in seconds since 1970."""
    return int(path.name.partition("-")[0]) / 1e9


_LEFT = 60.0
"""Seconds after which a segment that was never opened is taken for one that is left."""


def _adopt(path: Path) -> None:
    file = os.open(path, os.O_RDWR | os.O_CLOEXEC)
    try:
        if path.suffix == ".new" and time.time() < written_at(path) + _LEFT:
            return  # It is about to be locked.
        if not _try_lock(file):
            return
        size = _trim(file)
        if size == 0:
            path.unlink()
            return
        os.fsync(file)
        path.rename(path.with_suffix(".ndjson"))
    finally:
        os.close(file)


def _trim(file: int) -> int:
    """Takes away a last line that was not written to its end; gives what is left."""
    size = end = os.fstat(file).st_size
    while end > 0:
        start = max(0, end - (1 << 16))
        found = os.pread(file, end - start, start).rfind(b"\n")
        if found >= 0:
            end = start + found + 1
            break
        end = start
    if end != size:
        os.ftruncate(file, end)
    return end


def _try_lock(file: int) -> bool:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
