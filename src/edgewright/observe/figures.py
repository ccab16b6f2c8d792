"""What a gateway counts of its Workers' requests, for the admin port.

Counted once a request has ended: its record says what it took, and its trace what it asked for. The
structs are what the gateway's ask socket says (gateway/ask.py).
"""

from __future__ import annotations

import os
import time
from bisect import bisect_left
from collections.abc import Callable

import msgspec

from edgewright.observe.counts import Counts, Figures
from edgewright.observe.histogram import BOUNDS
from edgewright.observe.records import LogLine, Outcome, RequestRecord
from edgewright.observe.trace import FetchTrace, Trace

MOST_VERSIONS = 8
"""Of a Worker; older ones are counted together."""

OLDER = "older"
"""What they are called."""

_UNHEARD = frozenset({Outcome.LOAD_SHED, Outcome.RATE_LIMITED})
"""Nothing of these requests took any time."""

_CLASSES = ("none", *(f"{first}xx" for first in range(1, 10)))
"""Of status codes, by their first digit."""

_OK = Outcome.OK
_WENT_WELL = [(_OK.value, each) for each in _CLASSES]
_FETCHED_WELL = ("fetch", "2xx")


class WorkerState(msgspec.Struct, kw_only=True):
    """A Worker that is in service, now."""

    worker: str
    version: str
    isolates: int = 0
    memory: int = 0
    """Bytes: its isolates' share of what their processes use."""
    waiting: int = 0
    """Requests that wait for it to be loaded."""
    in_flight: int = 0
    queue_ms: float = 0.0
    """What a request would have to wait for the turns before its own."""


class NodeState(msgspec.Struct, kw_only=True):
    """A gateway's processes and isolates: those that there are, and how many there were."""

    workers: list[WorkerState]
    hosts: int
    memory: int
    memory_limit: int
    isolate_starts: dict[str, int]
    """By Worker: each is a cold start, whether a request waited for it or not."""
    evictions: int
    host_starts: int
    host_deaths: int
    """Those that the gateway did not want to end."""


class GatewayFigures(msgspec.Struct, kw_only=True):
    """All that a gateway has to say. Counts only grow."""

    pid: int
    started: float
    workers: list[Figures]
    node: NodeState
    dropped: dict[str, int]
    """What could not be told for want of time, by whom it was for: "tail", "otlp" …"""


class FigureKeeper:
    """An Observer that counts. `version` says which version of a Worker is in service, for requests
    that never got to one; `node` and `dropped` are asked when somebody wants to know."""

    def __init__(
        self,
        version: Callable[[str], str],
        node: Callable[[], NodeState],
        dropped: Callable[[], dict[str, int]],
    ) -> None:
        self._version = version
        self._node = node
        self._dropped = dropped
        self._started = time.time()
        self._counts: dict[tuple[str, str], Counts] = {}

    def request_finished(self, record: RequestRecord) -> None:
        counts = self._counts.get((record.worker, record.version)) or self._counts_of(record)
        if record.outcome is _OK:  # an enum's hash is a call of Python's
            counts.requests[_WENT_WELL[record.status // 100]] += 1
        else:
            outcome = record.outcome
            counts.requests[outcome.value, _CLASSES[record.status // 100]] += 1
            if outcome in _LIMITS:
                counts.limits[_LIMITS[outcome]] += 1
            if outcome in _UNHEARD:
                return
        wall_ms, cpu_ms = record.wall_ms, record.cpu_ms
        counts.wall[bisect_left(BOUNDS, wall_ms)] += 1
        counts.wall_ms += wall_ms
        counts.cpu[bisect_left(BOUNDS, cpu_ms)] += 1
        counts.cpu_ms += cpu_ms
        if (trace := record.trace) is not None:
            if trace.cold_from:
                counts.cold += 1
            if record.subrequests or record.operations:
                _count_asked(counts, record, trace)

    def logged(self, line: LogLine) -> None: ...

    def figures(self) -> GatewayFigures:
        return GatewayFigures(
            pid=os.getpid(),
            started=self._started,
            workers=[counts.figures(*key) for key, counts in self._counts.items()],
            node=self._node(),
            dropped=self._dropped(),
        )

    def _counts_of(self, record: RequestRecord) -> Counts:
        """The first time that a version is heard of, and for those that have none."""
        key = (record.worker, record.version or self._version(record.worker))
        if key not in self._counts:
            self._counts[key] = Counts()
            versions = [each for each in self._counts if each[0] == key[0] and each[1] != OLDER]
            if len(versions) > MOST_VERSIONS:
                older = self._counts.setdefault((key[0], OLDER), Counts())
                older.add(self._counts.pop(versions[0]))
        return self._counts[key]


_LIMITS = {
    Outcome.EXCEEDED_CPU: "cpu_ms",
    Outcome.EXCEEDED_MEMORY: "memory_mb",
    Outcome.EXCEEDED_WALL_TIME: "wall_ms",
}


def _count_asked(counts: Counts, record: RequestRecord, trace: Trace) -> None:
    fine = 0
    for fetch in trace.fetches.values():
        if fetch.status == 200 and fetch.service is None:  # most, and counted at once
            fine += 1
        else:
            _count_subrequest(counts, fetch)
        if fetch.cache:
            counts.cache[fetch.cache] += 1
    if fine:
        counts.subrequests[_FETCHED_WELL] += fine
    for op in trace.ops.values():
        # One that was not performed may have any name that the isolate likes.
        if op.settled and "." in op.name:
            binding, _, method = op.name.rpartition(".")
            counts.operations[binding, method, "error" if op.error else "ok"] += 1
    if record.subrequests > trace.limits.subrequests:
        counts.limits["subrequests"] += 1
    if record.operations > trace.limits.operations:
        counts.limits["operations"] += 1


def _count_subrequest(counts: Counts, fetch: FetchTrace) -> None:
    kind = "fetch" if fetch.service is None else "service"
    if fetch.status:
        result = _CLASSES[fetch.status // 100]
    else:
        result = "error" if fetch.error else "ok" if fetch.settled else "canceled"
    counts.subrequests[kind, result] += 1
