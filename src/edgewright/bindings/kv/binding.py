"""One KV namespace as one Worker has it: its operations, checked and performed.

https://developers.cloudflare.com/kv/api/
"""

from __future__ import annotations

import asyncio
import base64
import binascii
import time
from collections.abc import Callable, Coroutine
from functools import partial
from typing import Any

import msgspec

from edgewright.bindings.binding import (
    BadOperation,
    Cancellable,
    Operation,
    OperationError,
    Result,
    Settle,
    StateError,
    arguments,
)
from edgewright.bindings.kv import rules
from edgewright.bindings.kv.cache import ReadCache
from edgewright.bindings.kv.store import Entry, KVStore

_DEFAULT_CACHE = 60.0
"""Seconds that a value may be read from the cache where a get() says nothing (the platform's)."""


_Work = Callable[[], Coroutine[Any, Any, Result]]

_NAMES = {
    "get": "GET",
    "getMany": "GET_BULK",
    "put": "PUT",
    "delete": "DELETE",
    "list": "GET",
}
"""As the platform's messages name the operations."""


class _Get(msgspec.Struct, array_like=True):
    key: str
    cache_ttl: float | None


class _GetMany(msgspec.Struct, array_like=True):
    keys: list[str]
    cache_ttl: float | None


class _Put(msgspec.Struct, array_like=True):
    key: str
    expiration: int | None
    expiration_ttl: int | None
    metadata: str | None


class _Delete(msgspec.Struct, array_like=True):
    key: str


class _List(msgspec.Struct, array_like=True):
    prefix: str
    limit: int
    cursor: str


class KVBinding:
    """See Binding."""

    kind = "kv"

    def __init__(self, namespace: str, store: KVStore, cache: ReadCache) -> None:
        self._namespace = namespace
        self._store = store
        self._cache = cache

    def too_large(self, size: int) -> OperationError | None:
        return rules.value_too_large(size)

    def repeatable(self, method: str) -> bool:
        return method != "put"

    def start(self, operation: Operation, settle: Settle) -> Cancellable | None:
        try:
            work = self._begin(operation)
        except OperationError as error:
            settle(error)
            return None
        except UnicodeEncodeError as error:
            raise BadOperation(str(error)) from error
        if isinstance(work, Result):
            settle(work)
            return None
        name = _NAMES[operation.method]
        return asyncio.get_running_loop().create_task(_finish(work, name, settle))

    def _begin(self, operation: Operation) -> Result | _Work:
        """What is checked and cached, at once. Raises OperationError."""
        given = operation.arguments
        match operation.method:
            case "get":
                get = arguments(given, _Get)
                rules.check_key("GET", get.key)
                rules.check_cache_ttl("GET", get.cache_ttl)
                ttl = _DEFAULT_CACHE if get.cache_ttl is None else get.cache_ttl
                if (known := self._cache.get(self._namespace, get.key, ttl)) is not None:
                    return _entry_result(known[0], "HIT")
                return partial(self._get, get.key)
            case "getMany":
                many = arguments(given, _GetMany)
                rules.check_keys(many.keys)
                rules.check_cache_ttl("GET_BULK", many.cache_ttl)
                return partial(self._get_many, many.keys)
            case "put":
                put = arguments(given, _Put)
                rules.check_key("PUT", put.key)
                expires = rules.expiration(time.time(), put.expiration, put.expiration_ttl)
                rules.check_metadata(put.metadata)
                entry = Entry(operation.body or b"", put.metadata, expires)
                return partial(self._put, put.key, entry)
            case "delete":
                key = arguments(given, _Delete).key
                rules.check_key("DELETE", key)
                return partial(self._delete, key)
            case "list":
                listed = arguments(given, _List)
                limit = listed.limit if listed.limit > 0 else rules.MOST_LISTED
                rules.check_list(listed.prefix, limit)
                after = _key_of_cursor(listed.cursor)
                return partial(self._list, listed.prefix, limit, after)
            case _:
                raise BadOperation(f"KV has no {operation.method!r}")

    async def _get(self, key: str) -> Result:
        version = self._store.version(self._namespace, key)
        (entry,) = await self._store.get(self._namespace, [key])
        self._cache.remember(self._namespace, key, entry, version)
        return _entry_result(entry, "MISS")

    async def _get_many(self, keys: list[str]) -> Result:
        entries = await self._store.get(self._namespace, keys)
        if sum(len(entry.value) for entry in entries if entry is not None) > rules.LARGEST_VALUE:
            most = rules.LARGEST_VALUE >> 20
            reason = f"Total size of request exceeds the limit of {most}MB"
            raise rules.failure("GET_BULK", 413, reason)
        return Result(
            [
                None if e is None else [e.value.decode("utf-8", "replace"), e.metadata]
                for e in entries
            ]
        )

    async def _put(self, key: str, entry: Entry) -> Result:
        self._cache.forget(self._namespace, key)
        await self._store.put(self._namespace, {key: entry})
        self._cache.forget(self._namespace, key)
        return Result(None)

    async def _delete(self, key: str) -> Result:
        self._cache.forget(self._namespace, key)
        await self._store.delete(self._namespace, [key])
        self._cache.forget(self._namespace, key)
        return Result(None)

    async def _list(self, prefix: str, limit: int, after: str) -> Result:
        # One more, to know whether there are more.
        keys = await self._store.list(self._namespace, prefix, after, limit + 1)
        cursor = cursor_of_key(keys[limit - 1].name) if len(keys) > limit else None
        return Result([[[k.name, k.expiration, k.metadata] for k in keys[:limit]], cursor])


def _entry_result(entry: Entry | None, cache_status: str) -> Result:
    if entry is None:
        return Result([False, None, cache_status])
    return Result([True, entry.metadata, cache_status], entry.value)


async def _finish(work: _Work, name: str, settle: Settle) -> None:
    try:
        result = await work()
    except OperationError as error:
        settle(error)
    except StateError as error:
        # Where the state is kept, and what is wrong there, is for the log and not for a Worker.
        loop = asyncio.get_running_loop()
        loop.call_exception_handler({"message": "KV: an operation failed", "exception": error})
        settle(rules.failure(name, 503, "Service Unavailable"))
    else:
        settle(result)


def cursor_of_key(key: str) -> str:
    """What list() gives to go on behind a key."""
    return base64.urlsafe_b64encode(key.encode()).decode().rstrip("=")


def _key_of_cursor(cursor: str) -> str:
    """Raises OperationError."""
    try:
        padded = cursor.encode() + b"=" * (-len(cursor) % 4)
        return base64.b64decode(padded, altchars=b"-_", validate=True).decode()
    except (binascii.Error, ValueError):
        raise rules.failure("GET", 400, f"Invalid cursor of {cursor[:100]}") from None
