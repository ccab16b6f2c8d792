"""Answers from a stored response: all of it, a part (RFC 9110 §14), or that nothing has changed
(§13)."""

from __future__ import annotations

from dataclasses import dataclass

from edgewright.cache.cache_control import date, values
from edgewright.cache.policy import age_header
from edgewright.cache.record import Record

NULL_BODY = frozenset({204, 205, 304})

_OF_NOT_MODIFIED = frozenset(
    {"cache-control", "cdn-cache-control", "content-location", "date", "etag", "expires",
     "last-modified", "vary"}
)  # fmt: skip
"""What a 304 says (RFC 9110 §15.4.5)."""


@dataclass(frozen=True, slots=True)
class Selected:
    """What a request gets of a stored response."""

    status: int
    headers: list[str]
    start: int
    end: int
    """The part of the body; nothing of it where they are equal."""


def select(record: Record, request_headers: list[str], now: float, status: str) -> Selected:
    """`status` is the platform's CF-Cache-Status."""
    headers = [*record.headers, "cf-cache-status", status]
    age = age_header(record.born, now)
    if age != "0" or status not in ("MISS", "EXPIRED"):
        headers += ("age", age)
    # Of a body that is still coming it may not be known how long it is.
    whole = headers if record.size < 0 else [*headers, "content-length", str(record.size)]
    if record.status in NULL_BODY:
        return Selected(record.status, headers, 0, 0)
    if record.status != 200:
        return Selected(record.status, whole, 0, record.size)
    if not_modified(record.headers, request_headers):
        return Selected(304, _only(headers, _OF_NOT_MODIFIED), 0, 0)
    part = _range(record, request_headers)
    if part is None:
        return Selected(200, whole, 0, record.size)
    start, end = part
    if start >= end:
        headers += ("content-range", f"bytes */{record.size}", "content-length", "0")
        return Selected(416, headers, 0, 0)
    span = f"bytes {start}-{end - 1}/{record.size}"
    headers += ("content-range", span, "content-length", str(end - start))
    return Selected(206, headers, start, end)


def not_modified(headers: list[str], request_headers: list[str]) -> bool:
    """Whether the conditions of a request say that its client has it already (§13.2.2)."""
    wanted = values(request_headers, "if-none-match")
    if wanted:
        tags = values(headers, "etag")
        given = [tag.strip() for value in wanted for tag in _split_tags(value)]
        return "*" in given or bool(tags and _opaque(tags[0]) in map(_opaque, given))
    since = date(request_headers, "if-modified-since")
    if since is None:
        return False
    modified = date(headers, "last-modified")
    return modified is not None and modified <= since


def _split_tags(value: str) -> list[str]:
    """Commas may stand in an entity tag as well."""
    tags: list[str] = []
    quoted = False
    start = 0
    for i, character in enumerate(value):
        if character == '"':
            quoted = not quoted
        elif character == "," and not quoted:
            tags.append(value[start:i])
            start = i + 1
    return [*tags, value[start:]]


def _opaque(tag: str) -> str:
    """Weak comparison (§8.8.3.2). A tag without quotes, which is none, is taken as if it had."""
    tag = tag.strip().removeprefix("W/")
    return tag if tag.startswith('"') else f'"{tag}"'


def _range(record: Record, request_headers: list[str]) -> tuple[int, int] | None:
    """The part that is asked for; one that is empty can't be satisfied. None: all of it, also where
    several parts are asked for (§14.2)."""
    given = values(request_headers, "range")
    if len(given) != 1 or record.size < 0 or not _if_range(record.headers, request_headers):
        return None
    unit, _, spec = given[0].partition("=")
    first, dash, last = spec.strip().partition("-")
    first, last = first.strip(), last.strip()
    if unit.strip().lower() != "bytes" or not dash or not (first + last).isdecimal():
        return None
    if max(len(first), len(last)) > 18 or not (first + last).isascii():
        return None
    if not first:
        return max(0, record.size - int(last)), record.size
    if last and int(last) < int(first):
        return None  # no range at all
    return int(first), min(int(last) + 1, record.size) if last else record.size


def _if_range(headers: list[str], request_headers: list[str]) -> bool:
    """§13.1.5: a validator that is compared strongly."""
    given = values(request_headers, "if-range")
    if not given:
        return True
    return given[0] in values(headers, "etag" if '"' in given[0] else "last-modified") and not (
        given[0].startswith("W/")
    )


def _only(headers: list[str], names: frozenset[str]) -> list[str]:
    kept: list[str] = []
    for i in range(0, len(headers), 2):
        if headers[i] in names or headers[i] in ("age", "cf-cache-status"):
            kept += headers[i : i + 2]
    return kept
