"""A store in this process: for one gateway, and gone with it."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass

from edgewright.cache.record import Purge, Record
from edgewright.cache.s3fifo import S3Fifo
from edgewright.cache.store import Usage
from edgewright.messages import Body

OVERHEAD = 512
"""Bytes that a response costs beside its body and its headers, more or less."""

_MOST_VARIANTS = 64
"""Responses of one key: an upstream that varies on what is different every time fills nothing."""


@dataclass(slots=True)
class _Entry:
    record: Record
    body: bytes


class MemoryStore:
    """See Store. Room for `most` bytes."""

    def __init__(self, most: int) -> None:
        self.largest = most // 8
        self._entries: S3Fifo[_Entry] = S3Fifo(most, self._evicted)
        self._by_key: dict[str, list[str]] = {}
        """Ids, latest first."""
        self._claims: dict[str, float] = {}
        self._purged: dict[str | None, float] = {}

    async def find(self, key: str) -> list[Record]:
        ids = self._by_key.get(key, ())
        return [entry.record for id in ids if (entry := self._entries.get(id)) is not None]

    async def open(self, record: Record) -> bytes | Body | None:
        entry = self._entries.get(record.id)
        return None if entry is None else entry.body

    async def put(self, record: Record, body: bytes) -> bool:
        purged = max(self._purged.get(record.partition, 0.0), self._purged.get(None, 0.0))
        if purged >= record.requested:
            return False
        for old in await self.find(record.key):
            if old.vary == record.vary:
                self._remove(old)
        while len(self._by_key.get(record.key, ())) >= _MOST_VARIANTS:
            self._forget(record.key, self._by_key[record.key][-1])
        size = len(body) + sum(map(len, record.headers)) + OVERHEAD
        if not self._entries.put(record.id, _Entry(record, body), size):
            return False
        self._by_key.setdefault(record.key, []).insert(0, record.id)
        return True

    async def begin(self) -> MemoryWriting:
        return MemoryWriting(self)

    async def replace(self, old: Record, new: Record) -> bool:
        entry = self._entries.get(old.id)
        if entry is None:
            return False
        entry.record = new
        return True

    async def delete(self, key: str) -> int:
        ids = list(self._by_key.get(key, ()))
        for id in ids:
            self._forget(key, id)
        return len(ids)

    async def purge(self, purge: Purge) -> int:
        self._purged[purge.partition] = time.time()
        removed = [record for record in self._records(purge.partition) if named(purge, record)]
        for record in removed:
            self._remove(record)
        return len(removed)

    async def claim(self, key: str, seconds: float) -> bool:
        now = time.monotonic()
        if self._claims.get(key, 0.0) > now:
            return False
        self._claims[key] = now + seconds
        return True

    async def release(self, key: str) -> None:
        self._claims.pop(key, None)

    async def list(
        self, partition: str | None, *, prefix: str = "", after: str = "", limit: int = 1000
    ) -> list[Record]:
        found = [
            record
            for record in self._records(partition)
            if record.id > after and record.url.startswith(prefix)
        ]
        return sorted(found, key=lambda record: record.id)[:limit]

    async def usage(self) -> Usage:
        return Usage(len(self._entries), self._entries.bytes, self._entries.most)

    async def close(self) -> None:
        self._by_key.clear()

    def _records(self, partition: str | None) -> Iterator[Record]:
        for id in [id for ids in self._by_key.values() for id in ids]:
            entry = self._entries.get(id)
            if entry is not None and partition in (None, entry.record.partition):
                yield entry.record

    def _remove(self, record: Record) -> None:
        self._forget(record.key, record.id)

    def _forget(self, key: str, id: str) -> None:
        self._entries.remove(id)
        self._unlist(key, id)

    def _evicted(self, id: str, entry: _Entry) -> None:
        self._unlist(entry.record.key, id)

    def _unlist(self, key: str, id: str) -> None:
        ids = self._by_key.get(key, [])
        if id in ids:
            ids.remove(id)
        if not ids:
            self._by_key.pop(key, None)


class MemoryWriting:
    """See Writing."""

    def __init__(self, store: MemoryStore) -> None:
        self._store = store
        self._data = bytearray()

    @property
    def size(self) -> int:
        return len(self._data)

    async def write(self, chunk: bytes) -> None:
        self._data += chunk

    async def read(self, offset: int) -> bytes:
        return bytes(memoryview(self._data)[offset : offset + (1 << 18)])

    async def commit(self, record: Record) -> bool:
        return await self._store.put(record, bytes(self._data))

    def abort(self) -> None: ...


def named(purge: Purge, record: Record) -> bool:
    """Whether a purge is meant for a response."""
    return (
        purge.everything
        or record.url in purge.urls
        or any(record.url.startswith(prefix) for prefix in purge.prefixes)
        or not set(purge.tags).isdisjoint(record.tags)
    )
