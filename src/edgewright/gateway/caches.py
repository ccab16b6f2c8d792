"""What the requests of an isolate do with its Worker's caches (the Cache API).

An op on a cache counts as a subrequest, and takes one of the request's connections, as on the
platform. Which Worker's caches they are is not the isolate's to say.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Coroutine
from functools import partial
from typing import Any

from edgewright.cache.answers import as_upstream
from edgewright.cache.cache_api import CacheApi
from edgewright.gateway.active import ActiveRequest
from edgewright.gateway.body_table import BodyTable
from edgewright.gateway.channel import Channel
from edgewright.gateway.coding import encode, is_known
from edgewright.gateway.subrequests import Subrequests
from edgewright.messages import Body, BodyError
from edgewright.protocol.messages import (
    CacheDeleteCommand,
    CacheEvent,
    CacheMatchCommand,
    CachePutCommand,
    FailureEvent,
    ProtocolViolation,
)
from edgewright.subrequest.redirects import TOO_MANY
from edgewright.subrequest.upstream import header

CacheCommand = CacheMatchCommand | CachePutCommand | CacheDeleteCommand
Work = Callable[[], Coroutine[Any, Any, str]]
"""Does what a command asks for, and says in a word what came of it."""

_URL = re.compile(r"https?://[!-~]+")
"""As the isolate's runtime layer writes it: people will see it on their terminals."""
_LONGEST_NAME = 1024
_LONGEST_URL = 64 * 1024
_LONGEST_DETAIL = 2048
"""Characters of a URL that a trace shows."""

_LONGEST_CACHE = 40


class Caches:
    """The caches of an isolate's Worker, for its requests."""

    def __init__(
        self, channel: Channel, bodies: BodyTable, subrequests: Subrequests, api: CacheApi
    ) -> None:
        self._channel = channel
        self._bodies = bodies
        self._subrequests = subrequests
        self._api = api

    def perform(self, active: ActiveRequest, command: CacheCommand, inline: bytes) -> None:
        """Does it, or queues it. Raises ProtocolViolation."""
        if len(command.cache or "") > _LONGEST_NAME or len(command.url) > _LONGEST_URL:
            raise ProtocolViolation("a cache's name, or a URL, that is too long")
        if _URL.fullmatch(command.url) is None:
            raise ProtocolViolation("what is no URL")
        if not isinstance(command, CacheDeleteCommand) and len(command.headers) % 2:
            raise ProtocolViolation("a header without a value")
        if active.trace is not None:
            active.trace.op(command.op, _called(command), command.url[:_LONGEST_DETAIL])
        if not self._subrequests.may_start(active):
            if isinstance(command, CachePutCommand):
                self._bodies.refuse(command)
            self._fail(active, FailureEvent(command.op, "Error", TOO_MANY))
            return
        work: Work
        body: bytes | Body | None = None
        match command:
            case CacheMatchCommand():
                work = partial(self._match, active, command)
            case CacheDeleteCommand():
                work = partial(self._delete, command)
            case CachePutCommand():
                if len(command.request_headers) % 2 or not 200 <= command.status <= 599:
                    raise ProtocolViolation("a response that is none")
                try:
                    body = self._body(active, command, inline)
                except BodyError as error:
                    self._fail(active, FailureEvent(command.op, "TypeError", str(error)))
                    return
                work = partial(self._put, command, body)
        start = partial(self._start, active, command.op, work)
        self._subrequests.when_free(active, command.op, start, body)

    def _start(self, active: ActiveRequest, op: int, work: Work) -> None:
        active.ops[op] = asyncio.get_running_loop().create_task(self._run(active, op, work))

    async def _run(self, active: ActiveRequest, op: int, work: Work) -> None:
        try:
            result = await work()
            if active.trace is not None:
                active.trace.op_settled(op, result=result)
        except BodyError as error:
            self._fail(active, FailureEvent(op, "TypeError", str(error)))
        except Exception:
            # A disk that is full, say: the Worker sees that the cache failed, the log why.
            self._fail(active, FailureEvent(op, "Error", "Internal error of the cache."))
            raise
        finally:
            if active.ops.pop(op, None) is not None:
                self._bodies.uploaded(active, op)
                self._subrequests.release(active, op)

    def _fail(self, active: ActiveRequest, failure: FailureEvent) -> None:
        if active.trace is not None:
            active.trace.op_settled(failure.op, failure.message)
        self._channel.post(failure)

    async def _match(self, active: ActiveRequest, command: CacheMatchCommand) -> str:
        found = await self._api.match(command.cache, command.url, command.headers)
        if found is None:
            self._channel.post(CacheEvent(command.op, found=False))
            return "MISS"
        self._subrequests.fetched(active, command.op, as_upstream(found, ""))
        return "HIT"

    async def _delete(self, command: CacheDeleteCommand) -> str:
        found = await self._api.delete(command.cache, command.url)
        self._channel.post(CacheEvent(command.op, found))
        return "deleted" if found else "not there"

    async def _put(self, command: CachePutCommand, body: bytes | Body | None) -> str:
        stored = await self._api.put(
            command.cache,
            command.url,
            command.request_headers,
            command.status,
            command.status_text,
            command.headers,
            body,
        )
        self._channel.post(CacheEvent(command.op, stored))
        return "stored" if stored else "not stored"

    def _body(
        self, active: ActiveRequest, command: CachePutCommand, inline: bytes
    ) -> bytes | Body | None:
        """In the content coding that the headers name, as a response's to a client is. Raises
        BodyError and ProtocolViolation."""
        body, still_encoded = self._bodies.upload(active, command, inline, command.headers)
        coding = header(command.headers, "content-encoding")
        encoded = command.encoded or still_encoded
        if body is not None and coding is not None and not encoded and is_known(coding):
            return encode(body, coding)
        return body


def _called(command: CacheCommand) -> str:
    """What the Worker has written, more or less."""
    match command:
        case CacheMatchCommand():
            method = "match"
        case CachePutCommand():
            method = "put"
        case CacheDeleteCommand():
            method = "delete"
    name = "default" if command.cache is None else f"open({command.cache[:_LONGEST_CACHE]!r})"
    return f"caches.{name}.{method}"
