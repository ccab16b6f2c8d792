"""The cache of fetch(): what stands between a subrequest and its upstream.

A request is answered from the store where that may be (HIT), also with something stale where the
response has said so: while it is being revalidated (UPDATING, RFC 5861 §3), or instead of an error
(STALE, §4). Everything else comes from the upstream, once for all who ask at the same time: MISS,
EXPIRED where something stale was replaced, REVALIDATED where it was confirmed, BYPASS where what
came may not be stored, DYNAMIC where nobody asked for caching.
"""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict
from typing import TYPE_CHECKING
from urllib.parse import urljoin

from edgewright.cache.answers import Answer, answer, as_upstream
from edgewright.cache.asks import Ask, ask_upstream, labelled
from edgewright.cache.filling import CACHE, UNKNOWN, Filler
from edgewright.cache.fills import Filled, Fills
from edgewright.cache.policy import matches
from edgewright.cache.record import Record, cache_key
from edgewright.cache.rules import DEFAULT, Rule, is_cacheable
from edgewright.cache.selecting import select
from edgewright.cache.spool import Spool
from edgewright.cache.store import Store, StoreError
from edgewright.messages import Body
from edgewright.subrequest.upstream import (
    NULL_BODY,
    Settle,
    Subrequest,
    SubrequestError,
    Transport,
    UpstreamResponse,
    header,
)

if TYPE_CHECKING:
    from edgewright.observe.trace import FetchTrace
    from edgewright.websocket.handshake import ClientHandshake

_PASSED = 10.0
_MOST_PASSED = 10_000

_SAFE = frozenset({"GET", "HEAD", "OPTIONS", "TRACE"})
"""RFC 9110 §9.2.1. What else succeeds may have changed what is stored."""


class FetchCache:
    """The cache that the subrequests of one Worker go through."""

    def __init__(self, store: Store, partition: str, upstream: Transport) -> None:
        self._store = store
        self._partition = partition
        self._upstream = upstream
        self._fills = Fills()
        self._passed: OrderedDict[str, float] = OrderedDict()
        """Until when requests for what could not be stored do not wait for each other."""
        self._filler = Filler(store, partition, upstream, self._fills)

    def through(self, rule: Rule | None) -> CachedHops:
        """What takes the requests of one subrequest: the first, and each redirect that it meets."""
        return CachedHops(self, rule or DEFAULT)

    def forget(self) -> None:
        """Something was purged: nobody is to share what was asked for before that."""
        self._fills.forget()

    async def close(self) -> None:
        await self._fills.close()

    def pass_on(
        self,
        label: str | None,
        method: str,
        url: str,
        headers: tuple[str, ...],
        body: bytes | Body | None,
        settle: Settle,
        handshake: ClientHandshake | None,
        trace: FetchTrace | None,
    ) -> Subrequest:
        """Asks the upstream; nothing is stored."""

        def arrived(result: UpstreamResponse | SubrequestError) -> None:
            if isinstance(result, UpstreamResponse):
                if label is not None:
                    result.headers = labelled(result.headers, label)
                if method not in _SAFE and result.status < 400:
                    self._fills.own(self._invalidate(url, result, settle))
                    return
            settle(result)

        return self._upstream.start(method, url, headers, body, arrived, handshake, trace)

    async def _invalidate(self, url: str, result: UpstreamResponse, settle: Settle) -> None:
        """What is stored of a URL is not what it was any more (RFC 9111 §4.4)."""
        try:
            await self._store.delete(self._key(url))
            for name in ("location", "content-location"):
                target = urljoin(url, header(result.headers, name) or url).partition("#")[0]
                if target != url and target.split("/")[:3] == url.split("/")[:3]:
                    await self._store.delete(self._key(target))
        finally:
            settle(result)

    # --- Requests that may be answered from the store ---------------------------------------------

    async def get(self, ask: Ask) -> UpstreamResponse:
        """Raises SubrequestError."""
        try:
            return await self._get(ask)
        except StoreError:
            return await self._pass(ask, "HEAD" if ask.head else "GET", "BYPASS")

    async def _get(self, ask: Ask) -> UpstreamResponse:
        now = time.time()
        stored: Record | None = None
        for record in await self._store.find(ask.key):
            if matches(record.vary, ask.headers):
                stored = record
                break
        if stored is not None and not ask.rule.revalidate:
            label = ""
            if now < stored.fresh_until:
                label = "HIT"
            elif now < stored.revalidate_until:
                label = "UPDATING"
                self._filler.revalidate_soon(ask, stored)
            if label and (found := await self._from_store(ask, stored, label)) is not None:
                return found
        if ask.head or "range" in ask.headers:
            # Not what could be stored: the upstream may answer as it likes.
            method = "HEAD" if ask.head else "GET"
            return await self._pass(ask, method, "MISS")
        return await self._share(ask, stored)

    async def _share(self, ask: Ask, stale: Record | None) -> UpstreamResponse:
        """From the upstream, by a request that others may have made already."""
        # What only one user may see is nobody else's, whatever its response says.
        own = "authorization" in ask.headers or ask.rule.revalidate
        shared = not own and not self._is_passed(ask.key)
        joined = self._fills.get(ask.key) if shared else None
        fill = joined or self._fills.start(
            ask.key if shared else None,
            lambda fill: self._filler.fill(fill, ask, stale, shared=shared),
        )
        asked = time.time()
        filled = await fill.wait()
        if filled.error is not None:
            raise SubrequestError(filled.error.message, filled.error.name)
        if filled.record is not None and (joined is None or _is_shared(filled, ask, asked)):
            label = filled.label if joined is None or filled.label == "STALE" else "HIT"
            if (found := await self._from_fill(ask, filled, label)) is not None:
                return found
        if (upstream := filled.take()) is not None:
            if upstream.status < 500:
                self._pass_from_now_on(ask.key)
            upstream.headers = labelled(upstream.headers, filled.label)
            return upstream
        return await self._pass(ask, "GET", "MISS" if filled.record else "BYPASS")

    def _pass_from_now_on(self, key: str) -> None:
        self._passed[key] = time.monotonic() + _PASSED
        if len(self._passed) > _MOST_PASSED:
            self._passed.popitem(last=False)

    def _is_passed(self, key: str) -> bool:
        """Whether nobody should wait for another's response, as it will be of no use to them: the
        last one was not."""
        until = self._passed.get(key)
        if until is None or until > time.monotonic():
            return until is not None
        del self._passed[key]
        return False

    async def _from_store(self, ask: Ask, record: Record, label: str) -> UpstreamResponse | None:
        found = await answer(self._store, record, ask.headers, label, head=ask.head)
        return None if found is None else as_upstream(found, ask.url)

    async def _from_fill(self, ask: Ask, filled: Filled, label: str) -> UpstreamResponse | None:
        record, body = filled.record, filled.body
        assert record is not None
        if body is None:
            return await self._from_store(ask, record, label)
        selected = select(record, ask.headers, time.time(), label)
        text = record.status_text if selected.status == record.status else ""
        given: bytes | Body | None = None
        if selected.status not in NULL_BODY:
            if isinstance(body, Spool):
                given = body.reader(None if record.size == UNKNOWN else record.size)
            else:
                given = body[selected.start : selected.end]
        return as_upstream(Answer(selected.status, text, selected.headers, given), ask.url)

    async def _pass(self, ask: Ask, method: str, label: str) -> UpstreamResponse:
        """From the upstream, for this one alone. Raises SubrequestError."""
        response = await ask_upstream(self._upstream, method, ask, ask.headers)
        response.headers = labelled(response.headers, label)
        return response

    def _key(self, text: str) -> str:
        return cache_key(self._partition, CACHE, text)

    def ask(
        self,
        url: str,
        headers: tuple[str, ...],
        rule: Rule,
        trace: FetchTrace | None,
        *,
        first: bool,
        head: bool,
    ) -> Ask:
        """A key that a Worker gives is for what it asks for, and not for where that leads."""
        given = f"key:{rule.key}" if rule.key is not None and first else url
        return Ask(url, list(headers), rule, self._key(given), head, trace)

    def start(self, ask: Ask, settle: Settle) -> Subrequest:
        return _Lookup(self._fills.own(self._answer(ask, settle)))

    async def _answer(self, ask: Ask, settle: Settle) -> None:
        try:
            result: UpstreamResponse | SubrequestError = await self.get(ask)
            if ask.trace is not None:
                ask.trace.cache = header(result.headers, "cf-cache-status") or ""
        except SubrequestError as error:
            result = error
        except Exception:
            settle(SubrequestError("Internal error of the cache.", "Error"))
            raise
        settle(result)


class _Lookup:
    """See Subrequest."""

    def __init__(self, task: asyncio.Task[None]) -> None:
        self._task = task

    def cancel(self) -> None:
        self._task.cancel()


class CachedHops:
    """A Transport with a cache before it."""

    def __init__(self, cache: FetchCache, rule: Rule) -> None:
        self._cache = cache
        self._rule = rule
        self._first = True

    def start(
        self,
        method: str,
        url: str,
        headers: tuple[str, ...],
        body: bytes | Body | None,
        settle: Settle,
        handshake: ClientHandshake | None = None,
        trace: FetchTrace | None = None,
    ) -> Subrequest:
        """See Transport."""
        rule, first, self._first = self._rule, self._first, False
        eligible = rule.everything or is_cacheable(url)
        label: str | None = None
        if method not in ("GET", "HEAD") or body is not None or handshake is not None:
            label = None
        elif rule.bypass:
            label = "BYPASS"
        elif not eligible:
            label = "DYNAMIC"
        else:
            ask = self._cache.ask(url, headers, rule, trace, first=first, head=method == "HEAD")
            return self._cache.start(ask, settle)
        if trace is not None and label is not None:
            trace.cache = label
        return self._cache.pass_on(label, method, url, headers, body, settle, handshake, trace)


def _is_shared(filled: Filled, ask: Ask, asked: float) -> bool:
    """Whether who has joined may have a response as well."""
    record = filled.record
    if record is None or not matches(record.vary, ask.headers):
        return False
    return record.fresh_until > asked or filled.label == "STALE"
