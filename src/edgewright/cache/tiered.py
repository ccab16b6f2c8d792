"""Bodies in memory before another store.

Only bodies, by the ids of their versions, which never change: what is current, the store behind
says each time (for a folder on disk that is a look into an index, 10 µs). So the gateways of a node
agree without telling each other anything.
"""

from __future__ import annotations

from edgewright.cache.record import Purge, Record
from edgewright.cache.s3fifo import S3Fifo
from edgewright.cache.store import Store, Usage, Writing
from edgewright.messages import Body, read_all

_OVERHEAD = 256


class TieredStore:
    """See Store. Up to `most` bytes of `behind` are in memory as well."""

    def __init__(self, behind: Store, most: int) -> None:
        self._behind = behind
        self._bodies: S3Fifo[bytes] = S3Fifo(most)
        self._largest_held = min(most // 16, 1 << 20)

    @property
    def largest(self) -> int:
        return self._behind.largest

    async def find(self, key: str) -> list[Record]:
        return await self._behind.find(key)

    async def open(self, record: Record) -> bytes | Body | None:
        held = self._bodies.get(record.id)
        if held is not None:
            return held
        body = await self._behind.open(record)
        if body is None or record.size > self._largest_held:
            return body
        data = await read_all(body)
        self._hold(record, data)
        return data

    async def put(self, record: Record, body: bytes) -> bool:
        stored = await self._behind.put(record, body)
        if stored:
            self._hold(record, body)
        return stored

    def _hold(self, record: Record, body: bytes) -> None:
        if len(body) <= self._largest_held:
            self._bodies.put(record.id, body, len(body) + _OVERHEAD)

    async def begin(self) -> Writing:
        return await self._behind.begin()

    async def replace(self, old: Record, new: Record) -> bool:
        return await self._behind.replace(old, new)

    async def delete(self, key: str) -> int:
        return await self._behind.delete(key)

    async def purge(self, purge: Purge) -> int:
        return await self._behind.purge(purge)

    async def claim(self, key: str, seconds: float) -> bool:
        return await self._behind.claim(key, seconds)

    async def release(self, key: str) -> None:
        await self._behind.release(key)

    async def list(
        self, partition: str | None, *, prefix: str = "", after: str = "", limit: int = 1000
    ) -> list[Record]:
        return await self._behind.list(partition, prefix=prefix, after=after, limit=limit)

    async def usage(self) -> Usage:
        return await self._behind.usage()

    async def close(self) -> None:
        await self._behind.close()
