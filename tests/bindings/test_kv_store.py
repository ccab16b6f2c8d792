"""The contract of a KV store: whatever implements KVStore has to pass."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from edgewright.bindings.kv.memory import MemoryStore
from edgewright.bindings.kv.sqlite import SqliteStore
from edgewright.bindings.kv.store import Entry, Key, KVStore


class Clock:
    """Seconds since 1970, as the test says."""

    def __init__(self) -> None:
        self.now = 1_000_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture(params=["memory", "sqlite"])
async def store(
    request: pytest.FixtureRequest, tmp_path: Path, clock: Clock
) -> AsyncIterator[KVStore]:
    """Another implementation is one more name here."""
    store: KVStore
    store = MemoryStore(clock) if request.param == "memory" else SqliteStore(tmp_path, clock)
    yield store
    await store.close()


async def get(store: KVStore, key: str, namespace: str = "n") -> Entry | None:
    (entry,) = await store.get(namespace, [key])
    return entry


async def test_an_entry_comes_back_as_it_was_put(store: KVStore) -> None:
    entry = Entry(bytes(range(256)), '{"a": "ü"}', 2_000_000)
    await store.put("n", {"k\0ü": entry})
    assert await get(store, "k\0ü") == entry


async def test_an_empty_value_is_a_value(store: KVStore) -> None:
    await store.put("n", {"k": Entry(b"")})
    assert await get(store, "k") == Entry(b"")


async def test_there_is_nothing_where_nothing_was_put(store: KVStore) -> None:
    assert await get(store, "k") is None
    assert await store.list("n", "", "", 10) == []


async def test_a_put_replaces_value_metadata_and_expiration(store: KVStore) -> None:
    await store.put("n", {"k": Entry(b"old", '"m"', 2_000_000)})
    await store.put("n", {"k": Entry(b"new")})
    assert await get(store, "k") == Entry(b"new")


async def test_several_are_read_in_the_order_that_was_asked_for(store: KVStore) -> None:
    await store.put("n", {"a": Entry(b"1"), "b": Entry(b"2")})
    assert await store.get("n", ["b", "x", "a", "b"]) == [
        Entry(b"2"),
        None,
        Entry(b"1"),
        Entry(b"2"),
    ]


async def test_what_is_deleted_is_gone_and_its_neighbours_stay(store: KVStore) -> None:
    await store.put("n", {"a": Entry(b"1"), "b": Entry(b"2"), "c": Entry(b"3")})
    await store.delete("n", ["a", "c", "never there"])
    assert [key.name for key in await store.list("n", "", "", 10)] == ["b"]


async def test_namespaces_know_nothing_of_each_other(store: KVStore) -> None:
    await store.put("n", {"k": Entry(b"n")})
    await store.put("m", {"k": Entry(b"m")})
    await store.delete("m", ["k"])
    assert await get(store, "k", "n") == Entry(b"n")
    assert await get(store, "k", "m") is None


async def test_what_has_expired_is_neither_read_nor_listed(store: KVStore, clock: Clock) -> None:
    await store.put("n", {"k": Entry(b"v", None, 1_000_060), "stays": Entry(b"v")})
    clock.now = 1_000_059.9
    assert await get(store, "k") is not None
    clock.now = 1_000_060.0
    assert await get(store, "k") is None
    assert await store.list("n", "", "", 10) == [Key("stays", None, None)]


async def test_a_list_has_what_stands_beside_the_values(store: KVStore) -> None:
    await store.put("n", {"k": Entry(b"v", '"m"', 2_000_000)})
    assert await store.list("n", "", "", 10) == [Key("k", '"m"', 2_000_000)]


async def test_a_list_is_in_the_order_of_utf_8(store: KVStore) -> None:
    # UTF-16 has the last two the other way round.
    names = ["", "A", "a", "aa", "b", "é", "\uffff", "\U0001f600"]
    await store.put("n", {name: Entry(b"") for name in reversed(names)})
    assert [key.name for key in await store.list("n", "", "", 100)] == names[1:]


async def test_a_prefix_is_no_pattern(store: KVStore) -> None:
    names = ["a%b", "a%c", "a_b", "axb", "a%", "b"]
    await store.put("n", {name: Entry(b"") for name in names})
    assert [key.name for key in await store.list("n", "a%", "", 100)] == ["a%", "a%b", "a%c"]


async def test_pages_of_a_list_have_each_key_once(store: KVStore) -> None:
    names = [f"k{n:03}" for n in range(25)]
    await store.put("n", {name: Entry(b"") for name in [*names, "j", "l"]})
    seen: list[str] = []
    while page := await store.list("n", "k", seen[-1] if seen else "", 10):
        seen += [key.name for key in page]
    assert seen == names


async def test_namespaces_that_hold_anything(store: KVStore, clock: Clock) -> None:
    await store.put("b", {"k": Entry(b"v")})
    await store.put("a", {"k": Entry(b"v"), "l": Entry(b"v")})
    await store.put("expires", {"k": Entry(b"v", None, 1_000_060)})
    await store.put("emptied", {"k": Entry(b"v")})
    await store.delete("emptied", ["k"])
    clock.now = 1_000_061.0
    assert await store.namespaces() == ["a", "b"]


async def test_a_namespace_is_cleared_and_its_neighbours_stay(store: KVStore) -> None:
    await store.put("n", {"k": Entry(b"v"), "l": Entry(b"v")})
    await store.put("m", {"k": Entry(b"v")})
    before = store.version("n", "k")
    await store.clear("n")
    assert await store.namespaces() == ["m"]
    assert await store.get("n", ["k", "l"]) == [None, None]
    assert before is None or store.version("n", "k") != before


async def test_a_version_changes_with_the_entry(store: KVStore) -> None:
    seen = {store.version("n", "k")}
    await store.put("n", {"k": Entry(b"v")})
    seen.add(store.version("n", "k"))
    await store.put("n", {"k": Entry(b"v")})
    seen.add(store.version("n", "k"))
    await store.delete("n", ["k"])
    seen.add(store.version("n", "k"))
    assert len(seen) == 4
    assert store.version("n", "k") in seen


async def test_readers_and_writers_of_the_same_keys_do_not_disturb_each_other(
    store: KVStore,
) -> None:
    async def change(client: int) -> None:
        for n in range(150):
            await store.put("n", {f"k{n % 7}": Entry(f"{client} {n}".encode())})
            assert await get(store, f"k{n % 7}") is not None

    await asyncio.gather(*(change(client) for client in range(32)))
    assert len(await store.list("n", "", "", 100)) == 7


async def test_many_at_once_are_all_kept(store: KVStore) -> None:
    async def change(n: int) -> None:
        await store.put("n", {f"k{n}": Entry(str(n).encode())})
        assert await get(store, f"k{n}") == Entry(str(n).encode())

    await asyncio.gather(*(change(n) for n in range(200)))
    assert len(await store.list("n", "", "", 1000)) == 200
