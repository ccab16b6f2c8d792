"""Responses to store, for the tests of the cache."""

from __future__ import annotations

import itertools
import os
import time
from typing import Any

from edgewright.cache.record import Record, cache_key
from edgewright.cache.store import Store
from edgewright.messages import read_all

ROOM = 4 << 20
LARGE = b"0123456789" * 20_000

_numbers = itertools.count()


def record(
    url: str = "http://a.test/", *, size: int = 5, worker: str = "w", **fields: Any
) -> Record:
    now = time.time()
    values: dict[str, Any] = {
        "id": f"{next(_numbers):08x}{os.getpid():08x}",
        "key": cache_key(worker, "fetch", url),
        "partition": worker,
        "cache": "fetch",
        "url": url,
        "vary": [],
        "status": 200,
        "status_text": "OK",
        "headers": ["content-type", "text/plain"],
        "requested": now,
        "born": now,
        "fresh_until": now + 60,
        "revalidate_until": 0.0,
        "error_until": 0.0,
        "tags": [],
        "size": size,
    } | fields
    return Record(**values)


async def body(store: Store, found: Record) -> bytes | None:
    """The body of a stored response."""
    opened = await store.open(found)
    return None if opened is None else await read_all(opened)
