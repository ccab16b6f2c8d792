"""A request that may be answered from the store, and how its upstream is asked."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from edgewright.cache.rules import Rule
from edgewright.subrequest.upstream import Transport, UpstreamResponse, response_of, without

if TYPE_CHECKING:
    from edgewright.observe.trace import FetchTrace


class Ask(msgspec.Struct, frozen=True):
    """A request that may be answered from the store."""

    url: str
    headers: list[str]
    rule: Rule
    key: str
    head: bool
    trace: FetchTrace | None


async def ask_upstream(
    upstream: Transport, method: str, ask: Ask, headers: list[str]
) -> UpstreamResponse:
    """Raises SubrequestError. Cancelling it gives the request up."""
    return await response_of(
        lambda settle: upstream.start(
            method, ask.url, tuple(headers), None, settle, None, ask.trace
        )
    )


def labelled(headers: list[str], label: str) -> list[str]:
    """With the CF-Cache-Status of this cache, and no other's."""
    return [*without(headers, frozenset({"cf-cache-status"})), "cf-cache-status", label]
