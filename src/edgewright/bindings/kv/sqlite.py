"""Values in a SQLite file, which the gateways of a node share.

Reads and writes go by two lanes, so that a read never waits for another process's transaction. A
read begins after what it must see was committed, and sees it whichever process wrote it.
"""

from __future__ import annotations

import asyncio
import sqlite3
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from edgewright.bindings.kv.store import Entry, Key
from edgewright.bindings.lane import Lane, open_database
from edgewright.bindings.stamps import Stamps

# The value comes last: what stands before it is read without it.
_SCHEMA = """
CREATE TABLE entries (
    namespace TEXT NOT NULL,
    key BLOB NOT NULL,
    expiration INTEGER,
    metadata TEXT,
    value BLOB NOT NULL,
    PRIMARY KEY (namespace, key)
);
CREATE INDEX expirations ON entries (expiration) WHERE expiration IS NOT NULL
"""
_VERSION = 1

_CLEAN_EVERY = 60.0
"""Seconds between two removals of what has expired."""
_CLEANED_AT_ONCE = 1000

_GET = """
SELECT value, metadata, expiration FROM entries
WHERE namespace = ? AND key = ? AND (expiration IS NULL OR expiration > ?)
"""
_LIST = """
SELECT key, metadata, expiration FROM entries
WHERE namespace = ? AND key >= ? AND key > ? AND key < ?
AND (expiration IS NULL OR expiration > ?)
ORDER BY key LIMIT ?
"""
_NAMESPACES = """
SELECT DISTINCT namespace FROM entries WHERE expiration IS NULL OR expiration > ? ORDER BY namespace
"""
_PUT = """
INSERT OR REPLACE INTO entries (namespace, key, expiration, metadata, value)
VALUES (?, ?, ?, ?, ?)
"""
_DELETE = "DELETE FROM entries WHERE namespace = ? AND key = ?"
_CLEAR = "DELETE FROM entries WHERE namespace = ?"
_CLEAN = """
DELETE FROM entries WHERE rowid IN
(SELECT rowid FROM entries WHERE expiration <= ? LIMIT ?)
"""

_T = TypeVar("_T")


class SqliteStore:
    """See KVStore. `now` gives seconds since 1970. Raises StateError."""

    def __init__(self, folder: Path, now: Callable[[], float] = time.time) -> None:
        self._now = now
        path = folder / "kv.sqlite"
        self._stamps = Stamps(folder / "kv.stamps")
        self._stamps.change_all()
        self._writing = Lane(open_database(path, _SCHEMA, _VERSION), writes=True)
        self._reading = Lane(open_database(path, _SCHEMA, _VERSION), writes=False)
        self._cleaned: asyncio.Task[None] | None = None
        self._clean_later()

    async def get(self, namespace: str, keys: list[str]) -> list[Entry | None]:
        now = self._now()

        def job(connection: sqlite3.Connection) -> list[Entry | None]:
            return [_get(connection, namespace, key, now) for key in keys]

        if len(keys) > 1:
            return await self._reading.do(_at_one_moment(job))
        return await self._reading.do(job)

    async def put(self, namespace: str, entries: dict[str, Entry]) -> None:
        rows: list[tuple[object, ...]] = [
            (namespace, key.encode(), entry.expiration, entry.metadata, entry.value)
            for key, entry in entries.items()
        ]
        await self._write(_PUT, rows, namespace, list(entries))

    async def delete(self, namespace: str, keys: list[str]) -> None:
        rows: list[tuple[object, ...]] = [(namespace, key.encode()) for key in keys]
        await self._write(_DELETE, rows, namespace, keys)

    async def clear(self, namespace: str) -> None:
        def job(connection: sqlite3.Connection) -> None:
            connection.execute(_CLEAR, (namespace,))

        await self._writing.do(job, self._stamps.change_all)

    async def list(self, namespace: str, prefix: str, after: str, limit: int) -> list[Key]:
        start, end, behind = prefix.encode(), _end_of(prefix.encode()), after.encode()
        now = self._now()

        def job(connection: sqlite3.Connection) -> list[Key]:
            rows = connection.execute(_LIST, (namespace, start, behind, end, now, limit))
            return [Key(key.decode(), metadata, expires) for key, metadata, expires in rows]

        return await self._reading.do(job)

    async def namespaces(self) -> list[str]:
        now = self._now()

        def job(connection: sqlite3.Connection) -> list[str]:
            return [namespace for (namespace,) in connection.execute(_NAMESPACES, (now,))]

        return await self._reading.do(job)

    def version(self, namespace: str, key: str) -> int | None:
        return self._stamps.read(_thing(namespace, key))

    async def clean(self) -> None:
        """Removes what has expired. (It can't be read any more, cleaned or not.)"""
        now = self._now()
        removed = _CLEANED_AT_ONCE
        while removed == _CLEANED_AT_ONCE:
            removed = await self._writing.do(
                lambda connection: connection.execute(_CLEAN, (now, _CLEANED_AT_ONCE)).rowcount
            )

    async def close(self) -> None:
        self._cleaning.cancel()
        if self._cleaned is not None:
            self._cleaned.cancel()
        await self._writing.close()
        await self._reading.close()
        self._stamps.close()

    async def _write(
        self, statement: str, rows: list[tuple[object, ...]], namespace: str, keys: list[str]
    ) -> None:
        def changed() -> None:
            for key in keys:
                self._stamps.change(_thing(namespace, key))

        def job(connection: sqlite3.Connection) -> None:
            connection.executemany(statement, rows)

        await self._writing.do(job, changed)

    def _clean_now(self) -> None:
        self._cleaned = asyncio.get_running_loop().create_task(self.clean())
        self._cleaned.add_done_callback(_seen)
        self._clean_later()

    def _clean_later(self) -> None:
        loop = asyncio.get_running_loop()
        self._cleaning = loop.call_later(_CLEAN_EVERY, self._clean_now)


def _seen(task: asyncio.Task[None]) -> None:
    """Cleaning fails where the disk does; those who read and write are told."""
    if not task.cancelled():
        task.exception()


def _get(connection: sqlite3.Connection, namespace: str, key: str, now: float) -> Entry | None:
    row = connection.execute(_GET, (namespace, key.encode(), now)).fetchone()
    return None if row is None else Entry(*row)


def _at_one_moment(job: Callable[[sqlite3.Connection], _T]) -> Callable[[sqlite3.Connection], _T]:
    """A transaction around several reads: they all see the same."""

    def reads(connection: sqlite3.Connection) -> _T:
        connection.execute("BEGIN")
        try:
            return job(connection)
        finally:
            connection.execute("COMMIT")

    return reads


def _thing(namespace: str, key: str) -> bytes:
    return f"{namespace}\0{key}".encode()


def _end_of(prefix: bytes) -> bytes:
    """The first bytes behind all that begin with the prefix. (UTF-8 has no 0xFF.)"""
    return prefix + b"\xff"
