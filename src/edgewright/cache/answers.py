"""What a request gets from a store."""

from __future__ import annotations

import re
import time
from dataclasses import dataclass
from uuid import uuid4

from edgewright.cache.body import BytesBody, PartOfBody
from edgewright.cache.cache_control import values
from edgewright.cache.policy import Lifetime
from edgewright.cache.record import Record
from edgewright.cache.selecting import NULL_BODY, select
from edgewright.cache.store import Store
from edgewright.messages import Body
from edgewright.subrequest.upstream import Breakable, UpstreamBody, UpstreamResponse, is_short

_MOST_TAGS = 1000
_TAG = re.compile(r"[ -~]{1,1024}")


@dataclass(slots=True)
class Answer:
    """A response out of the cache."""

    status: int
    status_text: str
    headers: list[str]
    body: bytes | Body | None


async def answer(
    store: Store, record: Record, request_headers: list[str], label: str, *, head: bool = False
) -> Answer | None:
    """From a response that was found; None when it is gone meanwhile. `label` is the
    CF-Cache-Status, `head` says that nobody wants the body."""
    selected = select(record, request_headers, time.time(), label)
    text = record.status_text if selected.status == record.status else ""
    if head or selected.start == selected.end:
        empty = None if head or selected.status in NULL_BODY else b""
        return Answer(selected.status, text, selected.headers, empty)
    body = await store.open(record)
    if body is None:
        return None
    if (selected.start, selected.end) != (0, record.size):
        body = _part(body, selected.start, selected.end)
    return Answer(selected.status, text, selected.headers, body)


def _part(body: bytes | Body, start: int, end: int) -> bytes | Body:
    if isinstance(body, bytes):
        return body[start:end]
    return PartOfBody(body, start, end)


def streamed(body: bytes | Body) -> Body:
    """A body that is read bit by bit."""
    return BytesBody(body) if isinstance(body, bytes) else body


def as_upstream(found: Answer, url: str) -> UpstreamResponse:
    """The same as a subrequest's response, of which short bodies are bytes."""
    body: bytes | UpstreamBody | None
    if found.body is None:
        body = None
    elif isinstance(found.body, bytes) and is_short(found.headers, len(found.body)):
        body = found.body
    else:
        body = Breakable(streamed(found.body))
    return UpstreamResponse(found.status, found.status_text, found.headers, url, False, body)


def tags_of(headers: list[str], given: list[str]) -> list[str]:
    """Those of `Cache-Tag`, and those that a Worker has given; they are compared without case.
    https://developers.cloudflare.com/cache/how-to/purge-cache/purge-by-tags/"""
    said = [tag for value in values(headers, "cache-tag") for tag in value.split(",")]
    names = {tag.strip().lower() for tag in [*said, *given]}
    return sorted(name for name in names if _TAG.fullmatch(name))[:_MOST_TAGS]


def make_record(
    life: Lifetime,
    *,
    key: str,
    partition: str,
    cache: str,
    url: str,
    status: int,
    status_text: str,
    tags: list[str],
    requested: float,
    size: int,
) -> Record:
    """What to store of a response that has come now."""
    born = time.time() - life.age
    fresh_until = born + life.fresh
    return Record(
        id=uuid4().hex,
        key=key,
        partition=partition,
        cache=cache,
        url=url,
        vary=life.vary,
        status=status,
        status_text=status_text,
        headers=life.headers,
        requested=requested,
        born=born,
        fresh_until=fresh_until,
        revalidate_until=fresh_until + life.while_revalidate,
        error_until=fresh_until + life.if_error,
        tags=tags,
        size=size,
    )
