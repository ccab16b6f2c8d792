"""Reads the header fields that caching is about (RFC 9111 §5, RFC 5861, RFC 9213)."""

from __future__ import annotations

import re
from datetime import UTC
from email.utils import parsedate_to_datetime

_DIRECTIVE = re.compile(
    r"""(?P<name>[^\s=,;"]+)(?:=(?:"(?P<quoted>(?:[^"\\]|\\.)*)"|(?P<plain>[^\s,"]*)))?"""
    r"""[^,]*,?"""
)
_LONGEST_DELTA = 2**31
"""RFC 9111 §1.2.2."""

_DAY = "(Mon|Tue|Wed|Thu|Fri|Sat|Sun)"
_LONG_DAY = "(Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day"
_MONTH = "(Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)"
_TIME = r"\d{2}:\d{2}:\d{2}"
_DATE = re.compile(
    rf"{_DAY}, \d{{2}} {_MONTH} \d{{4}} {_TIME} GMT"
    rf"|{_LONG_DAY}, \d{{2}}-{_MONTH}-\d{{2}} {_TIME} GMT"
    rf"|{_DAY} {_MONTH} [ \d]\d {_TIME} \d{{4}}",
    re.IGNORECASE,
)
"""The three forms of RFC 9110 §5.6.7."""

Directives = dict[str, str | None]
"""By name in lower case; None where a directive has no value."""


def values(headers: list[str], name: str) -> list[str]:
    """All values of a header in a flat list."""
    if name not in headers:
        return []
    return [headers[i + 1] for i in range(0, len(headers), 2) if headers[i] == name]


def directives(headers: list[str], name: str = "cache-control") -> Directives:
    """Those of all lines of a header; of one that is given twice, the first counts (§4.2.1)."""
    found: Directives = {}
    for value in values(headers, name):
        # What is between them, spaces and empty elements and stray quotes, is looked at once only:
        # an upstream may send a lot of it.
        for match in _DIRECTIVE.finditer(value):
            argument = match["quoted"] if match["quoted"] is not None else match["plain"]
            found.setdefault(match["name"].lower(), argument)
    return found


def delta(found: Directives, name: str) -> int | None:
    """Seconds that a directive says; None where it is missing, 0 where it is no number, as a
    response with invalid freshness is best taken as stale (§4.2.1)."""
    if name not in found:
        return None
    value = found[name]
    if value is None or not (value.isascii() and value.isdigit()):
        return 0
    return min(int(value[:12]), _LONGEST_DELTA)


def field_names(value: str | None) -> frozenset[str]:
    """The headers that a qualified `private` or `no-cache` names (§5.2.2.4)."""
    return frozenset(name for part in (value or "").split(",") if (name := part.strip().lower()))


def date(headers: list[str], name: str) -> float | None:
    """A header that is one date (RFC 9110 §5.6.7); None where it is missing, none or several."""
    given = values(headers, name)
    if len(given) != 1 or _DATE.fullmatch(given[0].strip()) is None:
        return None
    try:
        return parsedate_to_datetime(given[0]).replace(tzinfo=UTC).timestamp()
    except (ValueError, TypeError, OverflowError):
        return None


def targeted(headers: list[str]) -> Directives | None:
    """`CDN-Cache-Control`, which a cache like this one obeys instead of Cache-Control and Expires
    (RFC 9213). None where it is missing or says nothing that can be read: then it is ignored."""
    if "cdn-cache-control" not in headers:
        return None
    found: Directives = {}
    for value in values(headers, "cdn-cache-control"):
        for part in value.split(","):
            item = part.partition(";")[0].strip()
            name, has_value, argument = item.partition("=")
            if re.fullmatch(r"[a-z*][a-z0-9_.*-]*", name) is None:
                return None
            found[name] = argument if has_value else None
    return found or None
