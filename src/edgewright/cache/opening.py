"""Where a node keeps responses: in a folder of its state, with bodies in memory before that."""

from __future__ import annotations

from pathlib import Path

from edgewright.cache.disk import DiskStore
from edgewright.cache.memory import MemoryStore
from edgewright.cache.store import Store
from edgewright.cache.tiered import TieredStore

CACHE_MEMORY_MB = 64
"""In each gateway, unless somebody says otherwise."""

CACHE_DISK_MB = 1024
"""For all gateways of a node together, likewise."""


def open_store(
    state: Path | None, memory_mb: int = CACHE_MEMORY_MB, disk_mb: int = CACHE_DISK_MB
) -> Store:
    """For all processes that have the same state; in memory alone without one. Raises ValueError
    where there is no room at all."""
    if memory_mb < 1 or disk_mb < 1:
        raise ValueError("a cache needs 1 MB at least, in memory and on disk")
    if state is None:
        return MemoryStore(memory_mb << 20)
    return TieredStore(DiskStore(state / "cache", disk_mb << 20), memory_mb << 20)


def look_into(state: Path) -> Store:
    """What gateways have stored, for somebody who stores nothing."""
    return DiskStore(state / "cache", None)
