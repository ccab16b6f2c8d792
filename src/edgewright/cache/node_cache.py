"""The caches of a node: one store, and of each Worker what it may see of it."""

from __future__ import annotations

from typing import Any

from edgewright.cache.cache_api import CacheApi
from edgewright.cache.fetching import CachedHops, FetchCache
from edgewright.cache.record import Purge
from edgewright.cache.rules import is_cacheable, read_rule
from edgewright.cache.store import Store
from edgewright.subrequest.upstream import Transport


class WorkerCache:
    """The caches of one Worker: those that it fills, and the one of its fetch()."""

    def __init__(self, store: Store, partition: str, upstream: Transport) -> None:
        self.api = CacheApi(store, partition)
        self._fetch = FetchCache(store, partition, upstream)

    def transport(self, url: str, cf: dict[str, Any] | None) -> CachedHops | None:
        """What stands before the network for a subrequest; None, at once, where nothing does: a URL
        that is not cached by default, about which `cf` says nothing."""
        rule = None if cf is None else read_rule(cf)
        return None if rule is None and not is_cacheable(url) else self._fetch.through(rule)

    def forget(self) -> None:
        """See FetchCache."""
        self._fetch.forget()

    async def close(self) -> None:
        await self._fetch.close()


class NodeCache:
    """Responses of all Workers of a node, in `store`, which is closed with it."""

    def __init__(self, store: Store, upstream: Transport) -> None:
        self._store = store
        self._upstream = upstream
        self._workers: dict[str, WorkerCache] = {}

    def of(self, worker: str) -> WorkerCache:
        """All versions of a Worker have the same."""
        if worker not in self._workers:
            self._workers[worker] = WorkerCache(self._store, worker, self._upstream)
        return self._workers[worker]

    async def purge(self, purge: Purge) -> int:
        """How many responses were removed."""
        for name, cache in self._workers.items():
            if purge.partition in (None, name):
                cache.forget()
        return await self._store.purge(purge)

    async def close(self) -> None:
        for cache in self._workers.values():
            await cache.close()
        await self._store.close()
