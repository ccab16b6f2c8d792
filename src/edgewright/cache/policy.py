"""What may be stored, and for how long it is fresh (RFC 9111 §3 and §4.2), as a shared cache.

Everything is decided once, when a response comes, and stands in its Record as points in time: a hit
compares two numbers.
"""

from __future__ import annotations

from dataclasses import dataclass

from edgewright.cache.cache_control import (
    Directives,
    date,
    delta,
    directives,
    field_names,
    targeted,
    values,
)
from edgewright.messages import CONNECTION_HEADERS

_NEVER_STORED = CONNECTION_HEADERS | {
    "age",
    "cf-cache-status",
    "content-length",
    "proxy-authenticate",
    "proxy-authentication-info",
    "proxy-authorization",
}
"""§3.1. Age and Content-Length are made anew for each answer."""

_KEPT_BY_304 = frozenset({"content-encoding", "content-length", "content-range"})
"""What describes the stored body (§3.2)."""

_DEFAULT_TTL = {200: 7200, 206: 7200, 301: 7200, 302: 1200, 303: 1200, 404: 180, 410: 180}
"""Seconds, for responses that say nothing themselves; others are not stored.
https://developers.cloudflare.com/cache/how-to/configure-cache-status-code/"""

_LONGEST_AGE = 2**31

FOREVER = 10 * 365 * 24 * 3600


@dataclass(frozen=True, slots=True)
class Override:
    """What a Worker says about how long a response is fresh, whatever its headers say."""

    ttl: int | None = None
    """Seconds; below 0 it is not stored."""


@dataclass(frozen=True, slots=True)
class Lifetime:
    """How a response may be stored. Seconds count from when the origin made it."""

    headers: list[str]
    """Those that may be stored."""
    vary: list[str]
    """Flat, of the request."""
    age: float
    """Its age when it came (§4.2.3)."""
    fresh: float
    while_revalidate: float
    if_error: float


def lifetime(
    status: int,
    headers: list[str],
    request_headers: list[str],
    *,
    requested: float,
    now: float,
    override: Override | None = None,
    heuristic: bool = True,
) -> Lifetime | None:
    """How the response to a GET may be stored; None if it may not. `heuristic`: one that says
    nothing of its freshness is taken as the platform takes it."""
    if status in (206, 304) or not 200 <= status <= 599 or "*" in vary_names(headers):
        return None
    only_for_us = targeted(headers)
    said = directives(headers) if only_for_us is None else only_for_us
    forced = None if override is None else override.ttl
    if forced is not None and forced < 0:
        return None
    dropped: set[str] = set()
    if forced is None:
        if "no-store" in said or not _private_allows(said, dropped):
            return None
        if "authorization" in request_headers and not (
            said.keys() & {"public", "s-maxage", "must-revalidate"}
        ):
            return None  # §3.5
        if "set-cookie" in headers and "set-cookie" not in dropped:
            return None  # The platform's: it is somebody's own.
    else:
        dropped.add("set-cookie")
    age = _age(headers, requested, now)
    fresh: float | None
    if forced is not None:
        fresh = forced + age  # from now on, however old it is
    else:
        fresh = _freshness(headers, said, now, expires=only_for_us is None)
        if fresh is None and heuristic and status in _DEFAULT_TTL:
            fresh = _DEFAULT_TTL[status] + age
        if fresh is None and "no-cache" not in said:
            return None
        fresh = fresh or 0
    if forced is None and "no-cache" in said:
        if (named := field_names(said["no-cache"])) and "must-understand" not in said:
            dropped |= named
        else:
            fresh = 0
    strict = forced is None and said.keys() & {"must-revalidate", "proxy-revalidate", "no-cache"}
    return Lifetime(
        headers=_storable(headers, dropped),
        vary=_varying(headers, request_headers),
        age=age,
        fresh=fresh,
        while_revalidate=0 if strict else delta(said, "stale-while-revalidate") or 0,
        if_error=0 if strict else delta(said, "stale-if-error") or 0,
    )


def _private_allows(said: Directives, dropped: set[str]) -> bool:
    """§5.2.2.7: without a value, it is for one user; with one, only those headers are."""
    if "private" not in said:
        return True
    named = field_names(said["private"])
    dropped |= named
    return bool(named)


def _freshness(headers: list[str], said: Directives, now: float, *, expires: bool) -> int | None:
    """§4.2.1: the first of these that there is."""
    for name in ("s-maxage", "max-age"):
        seconds = delta(said, name)
        if seconds is not None:
            return seconds
    if expires and "expires" in headers:
        end = date(headers, "expires")
        made = date(headers, "date")
        if end is None:
            return 0  # What is no date is in the past (§5.3).
        return max(0, int(end - (now if made is None else made)))
    return None


def _storable(headers: list[str], dropped: set[str]) -> list[str]:
    gone = _NEVER_STORED | dropped
    for value in values(headers, "connection"):
        gone = gone | field_names(value)
    kept: list[str] = []
    for i in range(0, len(headers), 2):
        if headers[i] not in gone:
            kept += headers[i : i + 2]
    return kept


def _age(headers: list[str], requested: float, now: float) -> float:
    """§4.2.3. An Age that is no number is ignored; of several, the first counts."""
    made = date(headers, "date")
    apparent = 0.0 if made is None else max(0.0, now - made)
    said = values(headers, "age")
    first = said[0].partition(",")[0].strip() if said else ""
    value = min(int(first[:12]), _LONGEST_AGE) if first.isascii() and first.isdigit() else 0
    # Dates count whole seconds: a second's difference is none.
    return max(apparent if apparent >= 2 else 0.0, value + (now - requested if value else 0.0))


def age_header(born: float, now: float) -> str:
    """§5.1."""
    return str(max(0, int(now - born)))


# --- Vary ----------------------------------------------------------------------------------------


def vary_names(headers: list[str]) -> list[str]:
    return sorted(
        {name for value in values(headers, "vary") for name in field_names(value)},
    )


def _varying(headers: list[str], request_headers: list[str]) -> list[str]:
    found: list[str] = []
    for name in vary_names(headers):
        found += (name, _normal(request_headers, name))
    return found


def _normal(request_headers: list[str], name: str) -> str:
    """§4.1: the lines of a list may be joined, and spaces between its elements changed."""
    given = values(request_headers, name)
    if not given:
        return "\0"  # Nothing is another thing than an empty value.
    return ",".join(part.strip() for value in given for part in value.split(","))


def matches(vary: list[str], request_headers: list[str]) -> bool:
    """Whether a response is an answer to a request (§4.1)."""
    return all(_normal(request_headers, vary[i]) == vary[i + 1] for i in range(0, len(vary), 2))


# --- Validation ----------------------------------------------------------------------------------


def conditions(headers: list[str]) -> list[str]:
    """What a request asks with whether a stored response is still right (§4.3.1)."""
    made: list[str] = []
    if tag := values(headers, "etag"):
        made += ("if-none-match", tag[0])
    if modified := values(headers, "last-modified"):
        made += ("if-modified-since", modified[0])
    return made


def freshened(stored: list[str], update: list[str]) -> list[str]:
    """The headers of a stored response after a 304 (§3.2)."""
    names = set(update[::2]) - _KEPT_BY_304 - _NEVER_STORED
    kept: list[str] = []
    for i in range(0, len(stored), 2):
        if stored[i] not in names:
            kept += stored[i : i + 2]
    for i in range(0, len(update), 2):
        if update[i] in names:
            kept += update[i : i + 2]
    return kept
