"""Upstreams that make a Worker's slowest requests slow, and that nothing bounds.

For each Worker and origin, the last requests are kept that called it without a signal: how long
each took until its response, and how much of that the longest of those calls was. Where all of the
slowest 1 % are mostly that call, and take far longer than usual, one of them is told so.
"""

from __future__ import annotations

import statistics
from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from edgewright.observe.trace import FetchTrace, Trace

KEPT = 200
"""Requests, for each Worker and origin."""
FEWEST = 100
"""Fewer prove nothing about the slowest 1 %."""
_MOST_ORIGINS = 100
"""Of all Workers together; who calls more is not told of those that were called longest ago."""
_SLOWEST = 0.01
_SHARE = 0.5
"""The part of a request's time from which on a call has dominated it."""
_FAR = 4
"""How many times as long as the usual request the slowest ones take."""


@dataclass(frozen=True, slots=True)
class SlowUpstream:
    origin: str
    at: str
    """Where this request called it."""
    requests: int
    """How many were looked at."""
    p99: float
    """Seconds, from which on a request is one of the slowest 1 %."""
    median: float


class Upstreams:
    def __init__(self) -> None:
        self._calls: dict[tuple[str, str], deque[tuple[float, float]]] = {}
        """Seconds until the response, and how many of them the call took."""

    def ended(self, trace: Trace) -> list[SlowUpstream]:
        """A watched request is over: what there is to say of the upstreams that it called."""
        until = trace.answered or trace.ended
        longest: dict[str, tuple[float, FetchTrace]] = {}
        for fetch in trace.fetches.values():
            if fetch.signal is not False or fetch.service is not None:
                continue
            seconds = min(fetch.settled or until, until) - fetch.asked
            origin = _origin(fetch.url)
            if origin not in longest or seconds > longest[origin][0]:
                longest[origin] = (seconds, fetch)
        found: list[SlowUpstream] = []
        for origin, (seconds, fetch) in longest.items():
            calls = self._of(trace.worker, origin)
            calls.append((until - trace.began, seconds))
            if (slow := _look(origin, fetch, calls)) is not None:
                found.append(slow)
        return found

    def _of(self, worker: str, origin: str) -> deque[tuple[float, float]]:
        key = (worker, origin)
        calls = self._calls.pop(key, None) or deque(maxlen=KEPT)
        self._calls[key] = calls  # the last one again
        if len(self._calls) > _MOST_ORIGINS:
            del self._calls[next(iter(self._calls))]
        return calls


def _look(origin: str, fetch: FetchTrace, calls: deque[tuple[float, float]]) -> SlowUpstream | None:
    """The last call is the one that is looked at."""
    if len(calls) < FEWEST:
        return None
    by_time = sorted(calls, reverse=True)
    slowest = by_time[: max(2, int(len(calls) * _SLOWEST))]
    p99, median = slowest[-1][0], statistics.median(wall for wall, _ in calls)
    if calls[-1][0] < p99 or p99 < median * _FAR:
        return None
    if any(seconds < wall * _SHARE for wall, seconds in slowest):
        return None
    return SlowUpstream(origin, fetch.at, len(calls), p99, median)


def _origin(url: str) -> str:
    try:
        return urlsplit(url).netloc.rpartition("@")[2]
    except ValueError:
        return url
