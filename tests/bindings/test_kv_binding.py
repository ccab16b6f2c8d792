"""A KV namespace of a Worker, where its store fails it or lets it wait."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from edgewright.bindings.binding import Operation, OperationError, Result, StateError
from edgewright.bindings.kv.binding import KVBinding
from edgewright.bindings.kv.cache import ReadCache
from edgewright.bindings.kv.memory import MemoryStore
from edgewright.bindings.kv.store import Entry


class Broken(MemoryStore):
    """Its disk is full."""

    async def put(self, namespace: str, entries: dict[str, Entry]) -> None:
        raise StateError("/secret/place: disk full")

    async def get(self, namespace: str, keys: list[str]) -> list[Entry | None]:
        raise StateError("/secret/place: disk full")


class FarAway(MemoryStore):
    """Can't tell whether anything has changed."""

    def version(self, namespace: str, key: str) -> int | None:
        return None


async def ask(binding: KVBinding, method: str, *arguments: Any, body: bytes | None = None) -> Any:
    done: asyncio.Future[Result | OperationError] = asyncio.get_running_loop().create_future()
    binding.start(Operation(method, list(arguments), body), done.set_result)
    result = await done
    if isinstance(result, OperationError):
        raise result
    return result


def binding(store: MemoryStore) -> KVBinding:
    return KVBinding("n", store, ReadCache(store))


async def test_a_store_that_fails_is_told_to_the_log_and_not_to_the_worker() -> None:
    told: list[str] = []
    loop = asyncio.get_running_loop()
    loop.set_exception_handler(lambda _, context: told.append(str(context["exception"])))
    with pytest.raises(OperationError) as caught:
        await ask(binding(Broken()), "put", "k", None, None, None, body=b"v")
    assert caught.value.message == "KV PUT failed: 503 Service Unavailable"
    with pytest.raises(OperationError, match=r"^KV GET failed: 503 Service Unavailable$"):
        await ask(binding(Broken()), "get", "k", None)
    assert told == ["/secret/place: disk full"] * 2


async def test_a_store_that_is_far_away_is_cached_for_a_time() -> None:
    store = FarAway()
    one, other = binding(store), binding(store)
    await ask(one, "put", "k", None, None, None, body=b"old")
    assert (await ask(other, "get", "k", None)).body == b"old"
    await ask(one, "put", "k", None, None, None, body=b"new")
    # Who writes sees it at once, others when their time is over.
    assert (await ask(one, "get", "k", None)).body == b"new"
    assert (await ask(other, "get", "k", 3600)).body == b"old"
