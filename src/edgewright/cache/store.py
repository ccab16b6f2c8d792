"""Where responses are kept, as the rest of the cache sees it.

`memory.py` keeps them in this process, `disk.py` in a folder that all gateways of a node share,
and `tiered.py` puts bodies in memory before another store. A networked store would be one more; all
have to pass `tests/cache/test_store_contract.py`.
"""

from __future__ import annotations

from typing import Protocol

import msgspec

from edgewright.cache.record import Purge, Record
from edgewright.messages import Body


class StoreError(Exception):
    """A store does not do what it should: a disk is full, or may not be written to. Anything that
    is done with one may raise it; a fetch() goes on without the cache then."""


class Writing(Protocol):
    """A body on its way into a store. Nobody else finds it before it is committed."""

    @property
    def size(self) -> int:
        """Bytes written so far."""
        ...

    async def write(self, chunk: bytes) -> None: ...

    async def read(self, offset: int) -> bytes:
        """Some of what was written, from `offset` on; also after the commit."""
        ...

    async def commit(self, record: Record) -> bool:
        """Makes it be found, in place of what it replaces: the response of the same key that
        depends on the same headers. Whether so: not if it was purged since it was requested."""
        ...

    def abort(self) -> None:
        """Nobody is to find it. Harmless after commit(), when it lets go of what read() needs."""
        ...


class Usage(msgspec.Struct, frozen=True):
    """How full a store is."""

    entries: int
    bytes: int
    most_bytes: int


class Store(Protocol):
    """Keeps responses, up to a number of bytes; gives up those that were not used for longest."""

    @property
    def largest(self) -> int:
        """Bytes of the largest body that it takes."""
        ...

    async def find(self, key: str) -> list[Record]:
        """The responses of a key, latest first. They differ in what they depend on."""
        ...

    async def open(self, record: Record) -> bytes | Body | None:
        """The body of a response that was found; None when it is gone meanwhile."""
        ...

    async def put(self, record: Record, body: bytes) -> bool:
        """As a Writing that is committed at once."""
        ...

    async def begin(self) -> Writing: ...

    async def replace(self, old: Record, new: Record) -> bool:
        """Another head for the same body; whether it was still there."""
        ...

    async def delete(self, key: str) -> int:
        """Removes the responses of a key; how many they were."""
        ...

    async def purge(self, purge: Purge) -> int:
        """Removes what is named, and lets nothing of it in that was requested before now."""
        ...

    async def claim(self, key: str, seconds: float) -> bool:
        """Takes on a piece of work that is to be done once on the node; whether nobody else has.
        Ends by release(), or after `seconds`."""
        ...

    async def release(self, key: str) -> None: ...

    async def list(
        self, partition: str | None, *, prefix: str = "", after: str = "", limit: int = 1000
    ) -> list[Record]:
        """Responses of a Worker (of all, if None) whose URL begins with `prefix`, ordered by their
        ids, from the one after `after` on."""
        ...

    async def usage(self) -> Usage: ...

    async def close(self) -> None: ...
