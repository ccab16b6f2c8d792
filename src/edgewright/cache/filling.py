"""Gets responses from an upstream into the store: for whoever waits, or in the background."""

from __future__ import annotations

import asyncio
import time

import msgspec

from edgewright.cache.answers import make_record, tags_of
from edgewright.cache.asks import Ask, ask_upstream
from edgewright.cache.fills import Fill, Filled, Fills
from edgewright.cache.policy import Lifetime, conditions, freshened, lifetime, matches
from edgewright.cache.record import Record
from edgewright.cache.spool import Spool
from edgewright.cache.store import Store, StoreError
from edgewright.messages import BodyError
from edgewright.subrequest.upstream import (
    SubrequestError,
    Transport,
    UpstreamResponse,
    content_length,
    without,
)

CACHE = "fetch"
"""Whose responses they are, in a Record."""

UNKNOWN = -1
"""The size of a body that is still coming, and was not announced."""

_CONDITIONS = frozenset(
    {"if-match", "if-modified-since", "if-none-match", "if-range", "if-unmodified-since", "range"}
)
_ERRORS = frozenset({500, 502, 503, 504})
"""RFC 5861 §4."""

_CLAIM = 10.0
"""Seconds in which nobody else revalidates a response: as long as it takes, or after a failure."""
_WAIT = 5.0
"""Seconds that a gateway waits for what another gets from the upstream."""
_POLL = 0.02
_MOST_REVALIDATIONS = 64
_REVALIDATION_TIMEOUT = 60.0


class Filler:
    """Fills the store for one Worker. `fills` are those that are under way."""

    def __init__(self, store: Store, partition: str, upstream: Transport, fills: Fills) -> None:
        self._store = store
        self._partition = partition
        self._upstream = upstream
        self._fills = fills
        self._revalidating: set[str] = set()

    async def fill(self, fill: Fill, ask: Ask, stale: Record | None, *, shared: bool) -> None:
        """Gets a response from the upstream, tells who waits for it, and stores it. One that may be
        `shared` is got by one gateway of the node at a time."""
        claim = f"fill {ask.key}"
        if not shared:
            await self._fill(fill, ask, stale)
            return
        try:
            claimed, found = await self._wait_for_others(claim, ask)
        except StoreError:
            claimed, found = False, None
        try:
            if found is None:
                await self._fill(fill, ask, stale)
            else:
                fill.settle(Filled("HIT", found))
        finally:
            if claimed:
                await self._store.release(claim)

    async def _wait_for_others(self, claim: str, ask: Ask) -> tuple[bool, Record | None]:
        """Whether it is this gateway's to do, and what another has stored meanwhile. None has to
        wait for longer than _WAIT for one that is slow, or was killed."""
        waited = 0.0
        while not await self._store.claim(claim, _WAIT):
            if waited >= _WAIT:
                return False, None
            await asyncio.sleep(_POLL)
            waited += _POLL
            for record in await self._store.find(ask.key):
                if matches(record.vary, ask.headers) and time.time() < record.fresh_until:
                    return False, record
        return True, None

    async def _fill(self, fill: Fill, ask: Ask, stale: Record | None) -> None:
        requested = time.time()
        headers = without(ask.headers, _CONDITIONS)
        validators = [] if stale is None else conditions(stale.headers)
        try:
            upstream = await ask_upstream(self._upstream, "GET", ask, headers + validators)
        except SubrequestError as error:
            fill.settle(_instead(stale, error))
            return
        if stale is not None:
            if upstream.status == 304 and validators:
                upstream.discard()
                fill.settle(await self._confirm(ask, stale, upstream, requested))
                return
            if upstream.status in _ERRORS and time.time() < stale.error_until:
                upstream.discard()
                fill.settle(Filled("STALE", stale))
                return
        label = "MISS" if stale is None else "EXPIRED"
        await self._store_response(fill, ask, stale, upstream, requested, label)

    async def _store_response(
        self,
        fill: Fill,
        ask: Ask,
        stale: Record | None,
        upstream: UpstreamResponse,
        requested: float,
        label: str,
    ) -> None:
        body = upstream.body
        size = content_length(upstream.headers)
        life = self._lifetime(ask, upstream.status, upstream.headers, requested)
        if (
            life is None
            or not _is_worth_it(life)
            or upstream.websocket is not None
            or (size or 0) > self._store.largest
        ):
            if stale is not None and upstream.status not in _ERRORS:
                await self._store.delete(ask.key)
            fill.settle(Filled("BYPASS", upstream=upstream))
            return
        record = self._record(ask, life, upstream, requested, UNKNOWN if size is None else size)
        if body is None or isinstance(body, bytes):
            data = body or b""
            record = msgspec.structs.replace(record, size=len(data))
            fill.settle(Filled(label, record, data))
            await self._store.put(record, data)
            return
        try:
            writing = await self._store.begin()
        except StoreError:
            fill.settle(Filled("BYPASS", upstream=upstream))
            raise
        spool = Spool(writing, self._store.largest, fill.give_up)
        try:
            fill.settle(Filled(label, record, spool))
            await spool.fill(body)
            await fill.served()
            if not spool.too_large:
                await writing.commit(msgspec.structs.replace(record, size=spool.stored))
        except BodyError:
            pass  # Those who read it are told.
        finally:
            spool.close()

    async def _confirm(
        self, ask: Ask, stale: Record, upstream: UpstreamResponse, requested: float
    ) -> Filled:
        """A stored response is still right (RFC 9111 §4.3.4)."""
        headers = freshened(stale.headers, upstream.headers)
        life = self._lifetime(ask, stale.status, headers, requested)
        if life is None:
            await self._store.delete(ask.key)
            return Filled("REVALIDATED", stale)
        made = self._record(ask, life, upstream, requested, stale.size)
        record = msgspec.structs.replace(
            made, id=stale.id, status=stale.status, status_text=stale.status_text, vary=stale.vary
        )
        await self._store.replace(stale, record)
        return Filled("REVALIDATED", record)

    def _lifetime(
        self, ask: Ask, status: int, headers: list[str], requested: float
    ) -> Lifetime | None:
        return lifetime(
            status,
            headers,
            ask.headers,
            requested=requested,
            now=time.time(),
            override=ask.rule.override(status),
        )

    def _record(
        self, ask: Ask, life: Lifetime, upstream: UpstreamResponse, requested: float, size: int
    ) -> Record:
        return make_record(
            life,
            key=ask.key,
            partition=self._partition,
            cache=CACHE,
            url=ask.url,
            status=upstream.status,
            status_text=upstream.status_text,
            tags=tags_of(upstream.headers, list(ask.rule.tags)),
            requested=requested,
            size=size,
        )

    # --- Revalidating in the background -----------------------------------------------------------

    def revalidate_soon(self, ask: Ask, stale: Record) -> None:
        """Unless that is under way."""
        busy = len(self._revalidating) >= _MOST_REVALIDATIONS
        if busy or ask.key in self._revalidating or self._fills.get(ask.key) is not None:
            return
        self._revalidating.add(ask.key)
        # In nobody's time.
        nobodys = msgspec.structs.replace(ask, trace=None)
        self._fills.own(self._revalidate(nobodys, stale))

    async def _revalidate(self, ask: Ask, stale: Record) -> None:
        """Once on the node. It takes its time until it is tried again after a failure."""
        try:
            if not await self._store.claim(ask.key, _CLAIM):
                return
            fill = self._fills.start(ask.key, lambda fill: self.fill(fill, ask, stale, shared=True))
            async with asyncio.timeout(_REVALIDATION_TIMEOUT):
                filled = await fill.wait()
                if fill.task is not None:
                    await asyncio.wait((fill.task,))
            filled.discard()
            failed = filled.error is not None or filled.label == "STALE"
            if not failed:
                await self._store.release(ask.key)
        except TimeoutError:
            pass
        finally:
            self._revalidating.discard(ask.key)


def _is_worth_it(life: Lifetime) -> bool:
    """Whether a response can be of use once it is stored."""
    has_validator = "etag" in life.headers or "last-modified" in life.headers
    windows = life.while_revalidate + life.if_error
    return life.fresh + windows > life.age or has_validator


def _instead(stale: Record | None, error: SubrequestError) -> Filled:
    if stale is not None and time.time() < stale.error_until:
        return Filled("STALE", stale)
    return Filled(error=error)
