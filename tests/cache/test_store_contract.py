"""What any store of the cache must do, whatever it keeps responses in."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest
from stored import LARGE, ROOM, body, record

from edgewright.cache.disk import DiskStore
from edgewright.cache.memory import MemoryStore
from edgewright.cache.record import Purge
from edgewright.cache.store import Store
from edgewright.cache.tiered import TieredStore

MAKERS: dict[str, Callable[[Path], Store]] = {
    "memory": lambda folder: MemoryStore(ROOM),
    "disk": lambda folder: DiskStore(folder, ROOM),
    "tiered": lambda folder: TieredStore(DiskStore(folder, ROOM), ROOM // 2),
}


@pytest.fixture(params=list(MAKERS))
async def store(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Store]:
    store = MAKERS[request.param](tmp_path / "cache")
    yield store
    await store.close()


@pytest.mark.parametrize("content", [b"", b"hello", LARGE])
async def test_what_was_put_is_found_with_its_body(store: Store, content: bytes) -> None:
    stored = record(size=len(content))
    assert await store.put(stored, content)
    assert await store.find(stored.key) == [stored]
    assert await body(store, stored) == content
    assert await body(store, stored) == content  # and again, out of whichever tier


async def test_what_was_not_put_is_not_found(store: Store) -> None:
    assert await store.find(record().key) == []
    assert await store.open(record()) is None


async def test_a_later_response_takes_the_place_of_an_earlier_one(store: Store) -> None:
    first, second = record(), record()
    await store.put(first, b"first")
    await store.put(second, b"again")
    assert await store.find(first.key) == [second]
    assert await body(store, second) == b"again"
    assert await body(store, first) in (None, b"first")  # never another's


async def test_responses_that_depend_on_other_headers_stand_side_by_side(store: Store) -> None:
    german = record(vary=["accept-language", "de"], requested=time.time() - 1)
    french = record(vary=["accept-language", "fr"])
    await store.put(german, b"hallo")
    await store.put(french, b"salut")
    assert await store.find(german.key) == [french, german]


@pytest.mark.parametrize("content", [b"hello", LARGE])
async def test_a_body_is_found_when_it_is_whole_and_not_before(
    store: Store, content: bytes
) -> None:
    writing = await store.begin()
    half = len(content) // 2
    await writing.write(content[:half])
    stored = record(size=len(content))
    assert await store.find(stored.key) == []
    await writing.write(content[half:])
    assert writing.size == len(content)
    read = b""
    while len(read) < len(content):
        read += await writing.read(len(read))
    assert read == content
    assert await writing.commit(stored)
    writing.abort()
    assert await store.find(stored.key) == [stored]
    assert await body(store, stored) == content


async def test_a_body_that_was_given_up_leaves_nothing(store: Store) -> None:
    writing = await store.begin()
    await writing.write(LARGE)
    writing.abort()
    assert (await store.usage()).entries == 0


async def test_a_new_head_keeps_the_body(store: Store) -> None:
    old = record()
    await store.put(old, b"hello")
    new = record(id=old.id, headers=["x-new", "yes"])
    assert await store.replace(old, new)
    assert (await store.find(old.key))[0].headers == ["x-new", "yes"]
    assert await body(store, new) == b"hello"
    await store.delete(old.key)
    assert not await store.replace(old, new)


async def test_delete_says_how_many_there_were(store: Store) -> None:
    stored = record()
    await store.put(stored, b"hello")
    assert await store.delete(stored.key) == 1
    assert await store.find(stored.key) == []
    assert await store.delete(stored.key) == 0


async def test_the_bytes_are_bounded(store: Store) -> None:
    for number in range(40):
        await store.put(record(f"http://a.test/{number}", size=len(LARGE)), LARGE)
    usage = await store.usage()
    assert usage.most_bytes == ROOM
    assert 10 * len(LARGE) < usage.bytes <= ROOM
    assert 10 < usage.entries < 21


async def test_what_is_larger_than_the_store_is_not_stored(store: Store) -> None:
    huge = record(size=ROOM + 1)
    assert not await store.put(huge, bytes(ROOM + 1))
    assert await store.find(huge.key) == []


@pytest.mark.parametrize(
    ("purge", "left"),
    [
        (Purge(partition="w", urls=["http://a.test/1"]), "2 3 x"),
        (Purge(partition="w", prefixes=["http://a.test/", "http://none.test/"]), "3 x"),
        (Purge(partition="w", tags=["red"]), "1 3 x"),
        (Purge(partition="w", tags=["blue", "red"]), "1 x"),
        (Purge(partition="w", everything=True), "x"),
        (Purge(partition=None, everything=True), ""),
        (Purge(partition="w"), "1 2 3 x"),
    ],
)
async def test_a_purge_removes_what_it_names(store: Store, purge: Purge, left: str) -> None:
    past = time.time() - 1
    stored = {
        "1": record("http://a.test/1", requested=past),
        "2": record("http://a.test/2", requested=past, tags=["red"]),
        "3": record("http://b.test/3", requested=past, tags=["red", "blue"][1:]),
        "x": record("http://a.test/1", requested=past, tags=["red"], worker="other"),
    }
    for one in stored.values():
        await store.put(one, b"hello")
    removed = await store.purge(purge)
    found = [name for name, one in stored.items() if await store.find(one.key)]
    assert found == left.split()
    assert removed == 4 - len(found)


async def test_what_was_asked_for_before_a_purge_is_not_stored_after_it(store: Store) -> None:
    before = record()
    writing = await store.begin()
    await writing.write(b"hello")
    await store.purge(Purge(partition="w", everything=True))
    assert not await store.put(before, b"hello")
    assert not await writing.commit(before)
    writing.abort()
    assert await store.find(before.key) == []
    assert await store.put(record(requested=time.time() + 1), b"hello")


async def test_a_claim_is_granted_once(store: Store) -> None:
    assert await store.claim("k", 60)
    assert not await store.claim("k", 60)
    assert await store.claim("other", 0)
    assert await store.claim("other", 60)  # its time is over
    await store.release("k")
    assert await store.claim("k", 60)


async def test_the_list_goes_on_where_it_left_off(store: Store) -> None:
    stored = [record(f"http://a.test/{n}") for n in range(5)]
    for one in [*stored, record("http://b.test/"), record("http://a.test/", worker="other")]:
        await store.put(one, b"hello")
    first = await store.list("w", prefix="http://a.test/", limit=3)
    second = await store.list("w", prefix="http://a.test/", after=first[-1].id)
    assert first + second == stored
    assert len(await store.list(None)) == 7
