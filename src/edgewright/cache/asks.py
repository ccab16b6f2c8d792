"""A request that may be answered from the store, and how its upstream is asked."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import msgspec

from edgewright.cache.rules import Rule
from edgewright.subrequest.upstream import SubrequestError, Transport, UpstreamResponse

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
    settled: asyncio.Future[UpstreamResponse | SubrequestError]
    settled = asyncio.get_running_loop().create_future()

    def settle(result: UpstreamResponse | SubrequestError) -> None:
        if not settled.done():
            settled.set_result(result)
        elif isinstance(result, UpstreamResponse):
            result.discard()

    request = upstream.start(method, ask.url, tuple(headers), None, settle, None, ask.trace)
    try:
        result = await settled
    except asyncio.CancelledError:
        request.cancel()
        if settled.done() and not settled.cancelled():
            late = settled.result()
            if isinstance(late, UpstreamResponse):
                late.discard()
        raise
    if isinstance(result, SubrequestError):
        raise result
    return result


def labelled(headers: list[str], label: str) -> list[str]:
    """With the CF-Cache-Status of this cache, and no other's."""
    if "cf-cache-status" in headers:
        headers = without(headers, frozenset({"cf-cache-status"}))
    return [*headers, "cf-cache-status", label]


def without(headers: list[str], names: frozenset[str]) -> list[str]:
    if names.isdisjoint(headers):
        return headers
    kept: list[str] = []
    for i in range(0, len(headers), 2):
        if headers[i] not in names:
            kept += headers[i : i + 2]
    return kept
