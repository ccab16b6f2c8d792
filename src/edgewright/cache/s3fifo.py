"""S3-FIFO: which values stay in memory.

Most of what is cached is asked for once. LRU lets each of those push out something useful; here a
value is on probation first, in a small queue (a tenth of the room), and gets into the main one only
if it is asked for again while it is there, or soon after (its key is remembered as a *ghost*). Main
is a queue as well, whose end goes round again while it is used. A hit moves nothing.

Yang et al., "FIFO queues are all you need for cache eviction", SOSP 2023. Written here as no
package has it, or any other policy with admission, bounded by bytes: cachetools' and cachebox's
bounded ones are LRU and LFU, and theine counts entries.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

_SMALL = 0.1
_MOST_USES = 3

V = TypeVar("V")


@dataclass(slots=True)
class _Held(Generic[V]):
    value: V
    size: int
    uses: int = 0


class S3Fifo(Generic[V]):
    """Values by key, up to `most` bytes. `on_evicted` is told of what had to go for another."""

    def __init__(self, most: int, on_evicted: Callable[[str, V], None] | None = None) -> None:
        self.most = most
        self.bytes = 0
        self._on_evicted = on_evicted
        self._small: OrderedDict[str, _Held[V]] = OrderedDict()
        self._small_bytes = 0
        self._main: OrderedDict[str, _Held[V]] = OrderedDict()
        self._ghosts: OrderedDict[str, None] = OrderedDict()

    def __len__(self) -> int:
        return len(self._small) + len(self._main)

    def get(self, key: str) -> V | None:
        held = self._small.get(key) or self._main.get(key)
        if held is None:
            return None
        if held.uses < _MOST_USES:
            held.uses += 1
        return held.value

    def put(self, key: str, value: V, size: int) -> bool:
        """Whether there is room for it at all."""
        self.remove(key)
        if size > self.most:
            return False
        while self.bytes + size > self.most:
            self._evict()
        held = _Held(value, size)
        self.bytes += size
        if key in self._ghosts:
            del self._ghosts[key]
            self._main[key] = held
        else:
            self._small[key] = held
            self._small_bytes += size
        return True

    def remove(self, key: str) -> V | None:
        held = self._small.pop(key, None)
        if held is not None:
            self._small_bytes -= held.size
        elif (held := self._main.pop(key, None)) is None:
            return None
        self.bytes -= held.size
        return held.value

    def _evict(self) -> None:
        if self._small and (self._small_bytes >= _SMALL * self.most or not self._main):
            self._evict_small()
        else:
            self._evict_main()

    def _evict_small(self) -> None:
        key, held = self._small.popitem(last=False)
        self._small_bytes -= held.size
        if held.uses > 0:
            held.uses = 0
            self._main[key] = held
            return
        self._ghosts[key] = None
        while len(self._ghosts) > max(len(self._main), 64):
            self._ghosts.popitem(last=False)
        self._forget(key, held)

    def _evict_main(self) -> None:
        key, held = self._main.popitem(last=False)
        if held.uses > 0:
            held.uses -= 1
            self._main[key] = held
        else:
            self._forget(key, held)

    def _forget(self, key: str, held: _Held[V]) -> None:
        self.bytes -= held.size
        if self._on_evicted is not None:
            self._on_evicted(key, held.value)
