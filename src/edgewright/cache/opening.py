"""Where a node keeps responses: in a folder of its state, with bodies in memory before that."""

from __future__ import annotations

from pathlib import Path

from edgewright.cache.disk import DiskStore
from edgewright.cache.memory import CACHE_MEMORY
from edgewright.cache.store import Store
from edgewright.cache.tiered import TieredStore

CACHE_DISK = 1 << 30
"""Bytes, unless somebody says otherwise."""


def open_store(state: Path) -> Store:
    """For all processes that have the same state."""
    return TieredStore(DiskStore(state / "cache", CACHE_DISK), CACHE_MEMORY)
