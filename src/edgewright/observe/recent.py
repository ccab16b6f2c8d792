"""The requests that a gateway remembers, for the admin port and `edgewright trace`.

What is kept is bounded in bytes and per second, so that a crowd of requests neither drives out all
others at once nor costs much. Failures and slow ones have room of their own, and so stay longer
than the rest. "Slow" is what takes longer than some 95 % of the Worker's requests: the mark goes up
with each that is above, and down a little with each below, so that it is where one of twenty is
above (stochastic approximation of a quantile, Robbins and Monro, 1951).
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from heapq import merge
from itertools import count, islice

import msgspec

from edgewright.observe.records import FINE, LogLine, Outcome, RequestRecord
from edgewright.observe.trace import Trace, getrandbits
from edgewright.observe.views import RequestDetail, RequestSummary, detail, summary

MOST_BYTES = 16 << 20
"""That a gateway keeps, roughly: half of it ordinary requests, a quarter each failures and slow
ones."""

MOST_PER_SECOND = 100
"""Of each of the three that are kept."""

_UP, _DOWN = 1.05, 1 / 1.05 ** (0.05 / 0.95)
_MOST_WORKERS = 10_000
_OK = Outcome.OK


@dataclass(frozen=True, slots=True)
class Kept:
    """A request that is remembered."""

    number: int
    """In the order in which they ended."""
    own_id: int
    time: float
    """When it ended, since 1970."""
    size: int
    record: RequestRecord

    @property
    def id(self) -> str:
        trace = self.record.trace
        return f"{self.own_id if trace is None else trace.span_id:016x}"

    def summary(self) -> RequestSummary:
        return summary(self.record, self.id, self.time)

    def detail(self) -> RequestDetail:
        return detail(self.record, self.id, self.time)


class RequestFilter(msgspec.Struct, frozen=True, kw_only=True):
    """All that is given must hold."""

    worker: str | None = None
    outcome: str | None = None
    """An Outcome, or "error" for all that are failures."""
    search: str | None = None
    """In the URL, the error, or what was logged; case does not matter. Or an id."""

    def wants(self, kept: Kept) -> bool:
        record = kept.record
        if self.worker is not None and record.worker != self.worker:
            return False
        if self.outcome == "error":
            if record.outcome in FINE:
                return False
        elif self.outcome is not None and record.outcome.value != self.outcome:
            return False
        return self.search is None or _says(kept, self.search.lower())


@dataclass(slots=True)
class _Ring:
    """The last of one sort."""

    most: int
    kept: deque[Kept] = field(default_factory=deque[Kept])
    bytes: int = 0
    _second: int = 0
    _in_second: int = 0

    def takes(self, now: float) -> bool:
        """Whether one more may be kept in this second."""
        if self._second != int(now):
            self._second, self._in_second = int(now), 0
        self._in_second += 1
        return self._in_second <= MOST_PER_SECOND

    def add(self, kept: Kept) -> None:
        self.kept.append(kept)
        self.bytes += kept.size
        while self.bytes > self.most:
            self.bytes -= self.kept.popleft().size


class Recent:
    """An Observer that remembers. `listeners` are told of each that it does."""

    def __init__(self, most_bytes: int = MOST_BYTES) -> None:
        self._ordinary = _Ring(most_bytes // 2)
        self._failed = _Ring(most_bytes // 4)
        self._slow = _Ring(most_bytes // 4)
        self._marks: dict[str, float] = {}
        """From how many milliseconds on a Worker's request is slow."""
        self._number = count()
        self.listeners: set[Callable[[Kept], None]] = set()

    def request_finished(self, record: RequestRecord) -> None:
        ring = self._ring(record)
        now = time.time()
        if not ring.takes(now):
            return
        kept = Kept(next(self._number), getrandbits(64), now, _size(record), record)
        ring.add(kept)
        for listener in self.listeners:
            listener(kept)

    def logged(self, line: LogLine) -> None: ...

    def newest(self, wanted: RequestFilter, *, before: float | None, limit: int) -> list[Kept]:
        """The last that are wanted and ended `before` that, newest first."""
        found = (
            each
            for each in self._all()
            if (before is None or each.time < before) and wanted.wants(each)
        )
        return list(islice(found, limit))

    def find(self, id: str) -> Kept | None:
        """By its id, its ray, or its trace's id, of whose requests the first one is taken."""
        found: Kept | None = None
        for each in self._all():
            trace = each.record.trace
            if id in (each.id, each.record.ray):
                return each
            # The caller ends after those that it called; of several, it is the one to be shown.
            if (
                trace is not None
                and trace.id == id
                and (found is None or _began(trace) < _began(found.record.trace))
            ):
                found = each
        return found

    def _all(self) -> Iterator[Kept]:
        """Newest first."""
        rings = (self._ordinary, self._failed, self._slow)
        # Copies: it is another thread that looks through them.
        return merge(*(list(ring.kept)[::-1] for ring in rings), key=lambda each: -each.number)

    def _ring(self, record: RequestRecord) -> _Ring:
        if record.outcome is not _OK and record.outcome not in FINE:
            return self._failed
        mark = self._marks.get(record.worker, 0.0)
        if record.wall_ms > mark:
            if len(self._marks) < _MOST_WORKERS or mark:
                self._marks[record.worker] = max(mark * _UP, 0.01) if mark else record.wall_ms
            return self._slow
        self._marks[record.worker] = mark * _DOWN
        return self._ordinary


def _began(trace: Trace | None) -> float:
    return 0.0 if trace is None else trace.began


def _size(record: RequestRecord) -> int:
    """About what it takes, in bytes."""
    size = 2000 + len(record.url)
    if record.error is not None:
        size += 500 + len(record.error.message) + len(record.error.stack)
    trace = record.trace
    if trace is None:
        return size
    size += 150 * len(trace.turns) + 300 * len(trace.ops) + 90 * len(trace.headers)
    size += sum(map(len, trace.headers))
    size += sum(1200 + len(each.url) for each in trace.fetches.values())
    return size + sum(300 + len(line.message) for _, line in trace.logs)


def _says(kept: Kept, text: str) -> bool:
    record, trace = kept.record, kept.record.trace
    if text in record.url.lower() or text in (kept.id, record.ray):
        return True
    error = record.error
    if error is not None and text in f"{error.name}: {error.message}".lower():
        return True
    if trace is None:
        return False
    return text == trace.id or any(text in line.message.lower() for _, line in trace.logs)
