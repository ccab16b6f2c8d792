"""What is read again without asking the store."""

from __future__ import annotations

import pytest

from edgewright.bindings.kv.cache import ReadCache
from edgewright.bindings.kv.memory import MemoryStore
from edgewright.bindings.kv.store import Entry


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def store() -> MemoryStore:
    return MemoryStore()


@pytest.fixture
def cache(store: MemoryStore, clock: Clock) -> ReadCache:
    return ReadCache(store, 100_000, clock, clock)


def remember(cache: ReadCache, store: MemoryStore, key: str, entry: Entry | None) -> None:
    cache.remember("n", key, entry, store.version("n", key))


def test_what_is_known_is_given_for_as_long_as_the_reader_wants(
    cache: ReadCache, store: MemoryStore, clock: Clock
) -> None:
    remember(cache, store, "k", Entry(b"v"))
    clock.now = 60.0
    assert cache.get("n", "k", 60) == (Entry(b"v"),)
    assert cache.get("n", "k", 59) is None
    assert cache.get("m", "k", 60) is None


def test_that_there_is_nothing_is_known_as_well(cache: ReadCache, store: MemoryStore) -> None:
    remember(cache, store, "k", None)
    assert cache.get("n", "k", 60) == (None,)


def test_what_has_expired_is_known_to_be_gone(
    cache: ReadCache, store: MemoryStore, clock: Clock
) -> None:
    remember(cache, store, "k", Entry(b"v", None, 50))
    clock.now = 50.0
    assert cache.get("n", "k", 60) == (None,)


async def test_a_write_makes_it_forgotten(cache: ReadCache, store: MemoryStore) -> None:
    remember(cache, store, "k", Entry(b"v"))
    await store.put("n", {"k": Entry(b"w")})
    assert cache.get("n", "k", 60) is None


def test_it_has_a_bound_and_keeps_what_was_used_last(cache: ReadCache, store: MemoryStore) -> None:
    for n in range(100):
        remember(cache, store, f"k{n}", Entry(bytes(1600)))
        cache.get("n", "k0", 60)
    known = [n for n in range(100) if cache.get("n", f"k{n}", 60) is not None]
    assert known == [0, *range(51, 100)]


def test_a_value_that_would_push_too_much_out_is_not_kept(
    cache: ReadCache, store: MemoryStore
) -> None:
    remember(cache, store, "k", Entry(bytes(50_000)))
    assert cache.get("n", "k", 60) is None
