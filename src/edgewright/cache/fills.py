"""One upstream request for all who miss the same response at the same time."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from typing import Any

from edgewright.cache.record import Record
from edgewright.cache.spool import Spool
from edgewright.subrequest.upstream import SubrequestError, UpstreamResponse


@dataclass(slots=True)
class Filled:
    """What came of a fill: a response that all may have, with `label` for who asked first; or one
    that only one may have; or an error."""

    label: str = ""
    record: Record | None = None
    body: bytes | Spool | None = None
    """None: it is in the store."""
    upstream: UpstreamResponse | None = None
    error: SubrequestError | None = None

    def take(self) -> UpstreamResponse | None:
        """The response that only one may have, once."""
        upstream, self.upstream = self.upstream, None
        return upstream

    def discard(self) -> None:
        """Nobody wants that one."""
        if (upstream := self.take()) is not None:
            upstream.discard()


@dataclass(slots=True, eq=False)
class Fill:
    """A response that is under way from the upstream to the store."""

    head: asyncio.Future[Filled] = field(
        default_factory=lambda: asyncio.get_running_loop().create_future()
    )
    task: asyncio.Task[None] | None = None
    waiting: int = 0
    given_up: bool = False
    """It ends, and nobody may join it any more."""
    _served: asyncio.Future[None] | None = None

    async def wait(self) -> Filled:
        """What comes of it. It is given up when nobody waits for it any more."""
        self.waiting += 1
        try:
            return await asyncio.shield(self.head)
        except asyncio.CancelledError:
            if self.waiting == 1 and not self.head.cancelled():
                self._left()
            raise
        finally:
            self.waiting -= 1
            if not self.waiting and self._served is not None and not self._served.done():
                self._served.set_result(None)

    async def served(self) -> None:
        """Returns when all who waited have got what came of it."""
        while self.waiting:
            self._served = asyncio.get_running_loop().create_future()
            await self._served

    def _left(self) -> None:
        if self.head.done():
            self.head.result().discard()  # Whoever it was for has gone.
        else:
            self.give_up()

    def give_up(self) -> None:
        """Nobody wants it any more."""
        self.given_up = True
        if self.task is not None:
            self.task.cancel()

    def settle(self, filled: Filled) -> None:
        if not self.head.done():
            self.head.set_result(filled)


Work = Callable[[Fill], Coroutine[Any, Any, None]]


class Fills:
    """Those that are under way."""

    def __init__(self) -> None:
        self._fills: dict[str, Fill] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    def get(self, key: str) -> Fill | None:
        """One that may be joined."""
        fill = self._fills.get(key)
        return None if fill is None or fill.given_up else fill

    def start(self, key: str | None, work: Work) -> Fill:
        """Begins one, which others may join by its key, if it has any, until `work` has ended."""
        fill = Fill()
        if key is not None:
            self._fills[key] = fill
        fill.task = self.own(self._run(key, fill, work))
        return fill

    async def _run(self, key: str | None, fill: Fill, work: Work) -> None:
        try:
            await work(fill)
        except Exception:
            fill.settle(Filled(error=SubrequestError("Internal error of the cache.", "Error")))
            raise
        finally:
            fill.head.cancel()  # A no-op where there is a result.
            if key is not None and self._fills.get(key) is fill:
                del self._fills[key]

    def own(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        """Something that goes on by itself, until close() at most."""
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    def forget(self) -> None:
        """Nobody joins those that are under way."""
        self._fills.clear()

    async def close(self) -> None:
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
