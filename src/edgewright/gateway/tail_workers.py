"""Tail Workers: told of other Workers' requests once these have ended, a few at a time.

https://developers.cloudflare.com/workers/observability/logs/tail-workers/

Nothing of it is the producer's: an event is written down when its request is over, and the tail
Worker runs in an isolate of its own, by limits of its own. What it can't keep up with is dropped,
counted and told. What tail Workers do, and what others do for them, no tail Worker is told of.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Protocol

import msgspec

from edgewright.gateway.active import ActiveRequest, WorkerFailure
from edgewright.gateway.errors import Overloaded, UnknownWorker
from edgewright.gateway.hosts import HostError
from edgewright.gateway.tail_request import TailRequest
from edgewright.messages import Request
from edgewright.observe.records import LogLine, Observer, RequestRecord
from edgewright.observe.tail_event import trace_item
from edgewright.observe.trace import Tracing

DELAY = 0.1
"""Seconds that an event waits for others, to be told of together."""

MOST_EVENTS = 100
"""In one call of the handler."""

_MOST_BYTES = 1 << 20
"""Of these events, as JSON."""

MOST_WAITING = 16 << 20
"""Bytes of events that may wait for a tail Worker."""

_MOST_AT_ONCE = 4
"""Calls of the handler that are under way."""

_TELL_EVERY = 10.0
"""Seconds between two warnings that events were dropped."""

log = logging.getLogger(__name__)


class Node(Protocol):
    """What tail Workers run in."""

    tracing: Tracing

    def begin_at_once(
        self, name: str, request: Request, depth: int = 1
    ) -> ActiveRequest | None: ...

    async def begin(self, name: str, request: Request, depth: int = 1) -> ActiveRequest: ...


@dataclass(slots=True, eq=False)
class _Consumer:
    """One tail Worker, and what it has still to be told."""

    name: str
    waiting: deque[tuple[str, bytes]] = field(default_factory=deque[tuple[str, bytes]])
    """Workers, and what one of their requests came to."""
    size: int = 0
    running: int = 0
    timer: asyncio.TimerHandle | None = None
    dropped: int = 0
    """Since somebody was told."""
    told: float = 0.0


class TailWorkers:
    """Those of a node. `on_idle` is called when none of them is left to be told anything."""

    def __init__(self, node: Node, observer: Observer, on_idle: Callable[[], None]) -> None:
        self.dropped = 0
        """Events that could not be told, since the start."""
        self._node = node
        self._observer = observer
        self._on_idle = on_idle
        self._consumers: dict[str, _Consumer] = {}
        self._producers: set[str] = set()
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def waiting(self) -> bool:
        """Whether there are events that no handler has been called with."""
        return any(consumer.waiting for consumer in self._consumers.values())

    def deployed(self, worker: str, consumers: Sequence[str]) -> None:
        """A version of a Worker is in service. Requests are traced while any has consumers."""
        if consumers and worker not in self._producers:
            self._producers.add(worker)
            self._node.tracing.listeners += 1
        elif not consumers and worker in self._producers:
            self._producers.remove(worker)
            self._node.tracing.listeners -= 1

    def observer(self, consumers: Sequence[str]) -> Observer:
        """Who is told of the requests of a Worker that has these."""
        if not consumers:
            return self._observer
        known = [self._consumers.setdefault(name, _Consumer(name)) for name in consumers]
        return _Producer(self, self._observer, known)

    def close(self) -> None:
        """Nobody is told of anything any more."""
        for consumer in self._consumers.values():
            consumer.waiting.clear()
            if consumer.timer is not None:
                consumer.timer.cancel()
        for task in self._tasks:
            task.cancel()

    def add(self, consumer: _Consumer, worker: str, item: bytes) -> None:
        """One more event."""
        if consumer.size + len(item) > MOST_WAITING:
            self._drop(consumer, 1)
            return
        consumer.waiting.append((worker, item))
        consumer.size += len(item)
        if len(consumer.waiting) >= MOST_EVENTS or consumer.size >= _MOST_BYTES:
            self._send(consumer)
        elif consumer.timer is None:
            loop = asyncio.get_running_loop()
            consumer.timer = loop.call_later(DELAY, self._send, consumer)

    def _send(self, consumer: _Consumer) -> None:
        if consumer.timer is not None:
            consumer.timer.cancel()
            consumer.timer = None
        while consumer.waiting and consumer.running < _MOST_AT_ONCE:
            self._call(consumer, _take(consumer))

    def _call(self, consumer: _Consumer, batch: list[tuple[str, bytes]]) -> None:
        def ended() -> None:
            consumer.running -= 1
            if consumer.waiting and consumer.timer is None:
                # Not in the middle of the end of a request.
                consumer.timer = asyncio.get_running_loop().call_later(0, self._send, consumer)

        workers, items = zip(*batch, strict=True)
        request = TailRequest(consumer.name, workers, items, ended)
        consumer.running += 1
        try:
            if self._node.begin_at_once(consumer.name, request) is None:
                task = asyncio.get_running_loop().create_task(
                    self._call_later(consumer, request, len(batch))
                )
                self._tasks.add(task)
                task.add_done_callback(self._tasks.discard)
        except (Overloaded, UnknownWorker):
            self._lost(consumer, len(batch))

    async def _call_later(self, consumer: _Consumer, request: TailRequest, count: int) -> None:
        """The tail Worker has to be loaded first."""
        try:
            await self._node.begin(consumer.name, request)
        except (Overloaded, UnknownWorker, WorkerFailure, HostError):
            self._lost(consumer, count)

    def _lost(self, consumer: _Consumer, count: int) -> None:
        consumer.running -= 1
        self._drop(consumer, count)
        self._on_idle()

    def _drop(self, consumer: _Consumer, count: int) -> None:
        self.dropped += count
        consumer.dropped += count
        now = asyncio.get_running_loop().time()
        if consumer.told and now < consumer.told + _TELL_EVERY:
            return
        text = f"{consumer.dropped} tail events were dropped: the Worker could not take them."
        consumer.told, consumer.dropped = now, 0
        self._observer.logged(LogLine(consumer.name, "warn", text))


def _take(consumer: _Consumer) -> list[tuple[str, bytes]]:
    """What the handler is to be called with, which is at least one."""
    batch: list[tuple[str, bytes]] = []
    size = 0
    while consumer.waiting and len(batch) < MOST_EVENTS:
        next_size = len(consumer.waiting[0][1])
        if batch and size + next_size > _MOST_BYTES:
            break
        batch.append(consumer.waiting.popleft())
        size += next_size
    consumer.size -= size
    return batch


class _Producer:
    """An Observer of one Worker's requests, of which tail Workers are told too."""

    def __init__(self, tails: TailWorkers, observer: Observer, consumers: list[_Consumer]) -> None:
        self._tails = tails
        self._observer = observer
        self._consumers = consumers

    def request_finished(self, record: RequestRecord) -> None:
        trace = record.trace
        if trace is not None and not trace.for_tail:
            try:
                item = msgspec.json.encode(trace_item(trace))
            except Exception:
                log.exception("A request could not be told to tail Workers.")
            else:
                for consumer in self._consumers:
                    self._tails.add(consumer, trace.worker, item)
        self._observer.request_finished(record)

    def logged(self, line: LogLine) -> None:
        self._observer.logged(line)
