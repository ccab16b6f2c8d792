"""Which subrequests go through the cache, and what a Worker says about that in `cf`.

https://developers.cloudflare.com/workers/runtime-apis/request/#the-cf-property-requestinitcfproperties
https://developers.cloudflare.com/cache/concepts/default-cache-behavior/
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from edgewright.cache.policy import Override

EXTENSIONS = frozenset(
    "7z apk avi avif bin bmp bz2 class css csv dmg doc docx ejs eot eps exe flac gif gz ico iso "
    "jar jpeg jpg js mid midi mkv mp3 mp4 ogg otf pdf pict pls png ppt pptx ps rar svg svgz swf "
    "tar tif tiff ttf webm webp woff woff2 xls xlsx zip zst".split()
)
"""What the platform caches without being asked to."""

_KEYS = frozenset(
    {"cacheEverything", "cacheForceRevalidate", "cacheKey", "cacheLevel", "cacheTags", "cacheTtl",
     "cacheTtlByStatus"}
)  # fmt: skip
_STATUSES = re.compile(r"\s*(\d{3})\s*(?:-\s*(\d{3})\s*)?")
_LONGEST_KEY = 16 * 1024
_LONGEST_TTL = 10 * 365 * 24 * 3600


@dataclass(frozen=True, slots=True)
class Rule:
    """What a Worker wants of the cache for one subrequest."""

    everything: bool = False
    """Whatever its URL ends with."""
    bypass: bool = False
    revalidate: bool = False
    """What is stored is to be checked, however fresh it is."""
    ttl: int | None = None
    by_status: tuple[tuple[int, int, int], ...] = ()
    """From, to, and seconds."""
    key: str | None = None
    tags: tuple[str, ...] = ()

    def override(self, status: int) -> Override | None:
        """What it says of a response."""
        for first, last, ttl in self.by_status:
            if first <= status <= last:
                return Override(ttl)
        return None if self.ttl is None else Override(self.ttl)


DEFAULT = Rule()


def is_cacheable(url: str) -> bool:
    """Whether a URL is one whose responses are cached by default."""
    path = url.partition("?")[0]
    dot = path.rfind(".")
    return dot > path.rfind("/") and path[dot + 1 :].lower() in EXTENSIONS


def read_rule(cf: dict[str, Any] | None) -> Rule | None:
    """What `cf` says of caching; None where it says nothing. What makes no sense is ignored."""
    if cf is None or _KEYS.isdisjoint(cf):
        return None
    ttl = _seconds(cf.get("cacheTtl"))
    key = cf.get("cacheKey")
    tags = cf.get("cacheTags")
    return Rule(
        everything=cf.get("cacheEverything") is True or (ttl is not None and ttl >= 0),
        bypass=cf.get("cacheLevel") == "bypass" or (ttl is not None and ttl < 0),
        revalidate=cf.get("cacheForceRevalidate") is True,
        ttl=ttl,
        by_status=_by_status(cf.get("cacheTtlByStatus")),
        key=key if isinstance(key, str) and 0 < len(key) <= _LONGEST_KEY else None,
        tags=tuple(str(tag) for tag in tags) if isinstance(tags, list) else (),  # pyright: ignore[reportUnknownVariableType, reportUnknownArgumentType]
    )


def _by_status(given: object) -> tuple[tuple[int, int, int], ...]:
    """Narrow ranges before wide ones, as the more exact one is meant."""
    if not isinstance(given, dict):
        return ()
    found: list[tuple[int, int, int]] = []
    for statuses, ttl in given.items():  # pyright: ignore[reportUnknownVariableType]
        match = _STATUSES.fullmatch(str(statuses))  # pyright: ignore[reportUnknownArgumentType]
        seconds = _seconds(ttl)  # pyright: ignore[reportUnknownArgumentType]
        if match is not None and seconds is not None:
            found.append((int(match[1]), int(match[2] or match[1]), seconds))
    return tuple(sorted(found, key=lambda range_: range_[1] - range_[0]))


def _seconds(value: object) -> int | None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return int(min(max(value, -1), _LONGEST_TTL))
