"""A store that ends with its process: for tests and for Workers inside a Python program."""

from __future__ import annotations

import bisect
import time
from collections.abc import Callable

from edgewright.bindings.kv.store import Entry, Key


class MemoryStore:
    """See KVStore. `now` gives seconds since 1970."""

    def __init__(self, now: Callable[[], float] = time.time) -> None:
        self._now = now
        self._entries: dict[str, dict[str, Entry]] = {}
        self._changes = 0

    async def get(self, namespace: str, keys: list[str]) -> list[Entry | None]:
        entries = self._alive(namespace)
        return [entries.get(key) for key in keys]

    async def put(self, namespace: str, entries: dict[str, Entry]) -> None:
        self._changes += 1
        self._entries.setdefault(namespace, {}).update(entries)

    async def delete(self, namespace: str, keys: list[str]) -> None:
        self._changes += 1
        for key in keys:
            self._entries.get(namespace, {}).pop(key, None)

    async def clear(self, namespace: str) -> None:
        self._changes += 1
        self._entries.pop(namespace, None)

    async def list(self, namespace: str, prefix: str, after: str, limit: int) -> list[Key]:
        entries = self._alive(namespace)
        # The order of code points is the order of their UTF-8.
        names = sorted(name for name in entries if name.startswith(prefix))
        start = bisect.bisect_right(names, after)
        return [
            Key(name, entries[name].metadata, entries[name].expiration)
            for name in names[start : start + limit]
        ]

    async def namespaces(self) -> list[str]:
        return sorted(namespace for namespace in self._entries if self._alive(namespace))

    def version(self, namespace: str, key: str) -> int | None:
        return self._changes

    async def close(self) -> None: ...

    def _alive(self, namespace: str) -> dict[str, Entry]:
        now = self._now()
        entries = self._entries.setdefault(namespace, {})
        for name, entry in list(entries.items()):
            if entry.expiration is not None and entry.expiration <= now:
                del entries[name]
        return entries
