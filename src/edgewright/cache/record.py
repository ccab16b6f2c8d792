"""What a store keeps of a response, beside its body."""

from __future__ import annotations

import hashlib

import msgspec


class Record(msgspec.Struct, frozen=True, kw_only=True):
    """A stored response. Times are seconds since 1970."""

    id: str
    """Of this version and its body, which never changes."""
    key: str
    """What it is found by; see `cache_key`."""
    partition: str
    """The Worker whose it is: no other sees it."""
    cache: str
    """Which of its caches: `fetch`, `default`, or `:NAME` of one that was opened by name."""
    url: str
    vary: list[str]
    """Flat: the request's headers that it depends on, as they were (RFC 9111 §4.1)."""
    status: int
    status_text: str
    headers: list[str]
    requested: float
    """When the request was made: what was purged after that is not stored."""
    born: float
    """When the origin made it, as far as its Age and Date tell (RFC 9111 §4.2.3)."""
    fresh_until: float
    revalidate_until: float
    """Until when it may be served while it is being revalidated (RFC 5861 §3)."""
    error_until: float
    """Until when it may be served instead of an error (RFC 5861 §4)."""
    tags: list[str]
    size: int
    """Of the body, in bytes."""

    @property
    def keep_until(self) -> float:
        """When there is no use for it any more. A validator makes a stale one useful."""
        best = max(self.fresh_until, self.revalidate_until, self.error_until)
        has_validator = "etag" in self.headers or "last-modified" in self.headers
        return max(best, self.born + _WORTH_VALIDATING) if has_validator else best


_WORTH_VALIDATING = 7 * 24 * 3600.0


def cache_key(partition: str, cache: str, text: str) -> str:
    """`text` is the URL without its fragment, or what a Worker has given instead."""
    whole = f"{partition}\n{cache}\n{text}".encode("utf-8", "surrogatepass")
    return hashlib.blake2b(whole, digest_size=20).hexdigest()


class Purge(msgspec.Struct, frozen=True, kw_only=True):
    """What to remove of a Worker's responses, from all of its caches: what any of the three names,
    or everything."""

    partition: str | None
    """None: of all Workers."""
    urls: list[str] = []
    prefixes: list[str] = []
    """Of URLs."""
    tags: list[str] = []
    everything: bool = False
