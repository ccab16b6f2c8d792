"""The caches that a Worker fills itself: `caches.default`, and those that it opens by name.

As on the platform, and unlike a browser's: headers say how long a response stays, and one that is
not fresh is not there. https://developers.cloudflare.com/workers/runtime-apis/cache/
"""

from __future__ import annotations

import time
from dataclasses import replace

import msgspec

from edgewright.cache.answers import Answer, answer, make_record, tags_of
from edgewright.cache.policy import lifetime, matches
from edgewright.cache.record import Record, cache_key
from edgewright.cache.store import Store
from edgewright.messages import Body, discard

DEFAULT = "default"


def cache_of(name: str | None) -> str:
    """How a cache is called in a Record; None is the one that needs not be opened."""
    return DEFAULT if name is None else f":{name}"


class CacheApi:
    """The caches of one Worker."""

    def __init__(self, store: Store, partition: str) -> None:
        self._store = store
        self._partition = partition

    async def match(self, cache: str | None, url: str, headers: list[str]) -> Answer | None:
        """A stored response, or a part of it where the request's headers ask for one."""
        now = time.time()
        for record in await self._store.find(self._key(cache, url)):
            if now < record.fresh_until and matches(record.vary, headers):
                return await answer(self._store, record, headers, "HIT")
        return None

    async def put(
        self,
        cache: str | None,
        url: str,
        request_headers: list[str],
        status: int,
        status_text: str,
        headers: list[str],
        body: bytes | Body | None,
    ) -> bool:
        """Stores a response unless its headers forbid that; whether so. Raises BodyError when its
        body breaks off, and then nothing is stored."""
        requested = time.time()
        life = lifetime(status, headers, request_headers, requested=requested, now=requested)
        if life is None or life.fresh <= life.age:
            discard(body)
            return False
        # Stale responses are not given out by these caches.
        life = replace(life, while_revalidate=0, if_error=0)
        record = make_record(
            life,
            key=self._key(cache, url),
            partition=self._partition,
            cache=cache_of(cache),
            url=url,
            status=status,
            status_text=status_text,
            tags=tags_of(headers, []),
            requested=requested,
            size=0,
        )
        if body is None or isinstance(body, bytes):
            data = body or b""
            return await self._store.put(_sized(record, len(data)), data)
        return await self._put_stream(record, body)

    async def _put_stream(self, record: Record, body: Body) -> bool:
        writing = await self._store.begin()
        try:
            while chunk := await body.read():
                if writing.size + len(chunk) > self._store.largest:
                    return False
                await writing.write(chunk)
            return await writing.commit(_sized(record, writing.size))
        finally:
            writing.abort()
            body.discard()

    async def delete(self, cache: str | None, url: str) -> bool:
        """Whether there was anything to remove."""
        return await self._store.delete(self._key(cache, url)) > 0

    def _key(self, cache: str | None, url: str) -> str:
        return cache_key(self._partition, cache_of(cache), url)


def _sized(record: Record, size: int) -> Record:
    return msgspec.structs.replace(record, size=size)
