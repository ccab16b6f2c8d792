"""What was read from a store and may be read again without asking it.

The entries that were used last are kept, up to a number of bytes. That there is nothing under a key
is remembered as well.
"""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

from edgewright.bindings.kv.store import Entry, KVStore

_OVERHEAD = 400
"""Bytes that an entry costs beside its value."""


@dataclass(slots=True)
class _Remembered:
    entry: Entry | None
    version: int | None
    read: float
    size: int


class ReadCache:
    """`now` is a clock that never goes back, in seconds; `wall` gives seconds since 1970."""

    def __init__(
        self,
        store: KVStore,
        size: int = 32 << 20,
        now: Callable[[], float] = time.monotonic,
        wall: Callable[[], float] = time.time,
    ) -> None:
        self._store = store
        self._most = size
        self._largest = size // 32
        self._size = 0
        self._now = now
        self._wall = wall
        self._entries: OrderedDict[tuple[str, str], _Remembered] = OrderedDict()

    def get(self, namespace: str, key: str, ttl: float) -> tuple[Entry | None] | None:
        """The entry, or None, if it is known and was read within the last `ttl` seconds."""
        found = self._entries.get((namespace, key))
        if found is None:
            return None
        if found.version != self._store.version(namespace, key):
            self._forget(namespace, key)
            return None
        if self._now() > found.read + ttl:
            return None
        entry = found.entry
        if entry is not None and entry.expiration is not None and entry.expiration <= self._wall():
            return (None,)
        self._entries.move_to_end((namespace, key))
        return (entry,)

    def remember(self, namespace: str, key: str, entry: Entry | None, version: int | None) -> None:
        """`version` is what the store said before the entry was read."""
        size = _OVERHEAD + (0 if entry is None else len(entry.value))
        self._forget(namespace, key)
        if size > self._largest:
            return
        self._entries[namespace, key] = _Remembered(entry, version, self._now(), size)
        self._size += size
        while self._size > self._most:
            _, oldest = self._entries.popitem(last=False)
            self._size -= oldest.size

    def forget(self, namespace: str, key: str) -> None:
        """It is about to change."""
        self._forget(namespace, key)

    def _forget(self, namespace: str, key: str) -> None:
        if (found := self._entries.pop((namespace, key), None)) is not None:
            self._size -= found.size
