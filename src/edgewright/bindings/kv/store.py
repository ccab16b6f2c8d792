"""Where values are kept: the interface that SQLite has, and that Redis, PostgreSQL or NATS could.

A store knows nothing of the platform's rules (rules.py has them), and is for all namespaces of a
node. It is *exact* when what one process has written, and was told so, every other reads from then
on; a store that is far away need not be (see `version`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Entry:
    """What is kept under a key."""

    value: bytes
    metadata: str | None = None
    """JSON."""
    expiration: int | None = None
    """Seconds since 1970; from then on there is no entry."""


@dataclass(frozen=True, slots=True)
class Key:
    """An entry without its value."""

    name: str
    metadata: str | None
    expiration: int | None


class KVStore(Protocol):
    """Entries by namespace and key. Any method may raise StateError.

    One put or delete happens as a whole or not at all, also when the process is killed.
    """

    async def get(self, namespace: str, keys: list[str]) -> list[Entry | None]:
        """The entries, one for each key, all as of one moment."""
        ...

    async def put(self, namespace: str, entries: dict[str, Entry]) -> None:
        """Keeps the entries, all of them or none, in place of what was there."""
        ...

    async def delete(self, namespace: str, keys: list[str]) -> None:
        """Removes the entries, where there are any, all at once."""
        ...

    async def clear(self, namespace: str) -> None:
        """Removes all entries, at once."""
        ...

    async def list(self, namespace: str, prefix: str, after: str, limit: int) -> list[Key]:
        """The first `limit` keys that begin with `prefix` and come behind `after`, in the order of
        their UTF-8."""
        ...

    async def namespaces(self) -> list[str]:
        """Those that hold anything, in their order."""
        ...

    def version(self, namespace: str, key: str) -> int | None:
        """A number that is another one after every change of the entry, asked for at no cost. None
        where the store can't tell: then only time ends what a cache remembers."""
        ...

    async def close(self) -> None:
        """Waits for what is under way."""
        ...
