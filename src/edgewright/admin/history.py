"""What came when: the last hour of a server's counts, a point for every five seconds.

A point has what came since the one before, and nothing of Workers to which nothing came. What came
before the first one is of no known time: it is part of every window that reaches so far back.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field

from edgewright.admin.sums import Sums, Version
from edgewright.observe.counts import Counts

SECONDS = 5
"""Of a point."""

MOST_POINTS = 3600 // SECONDS
MOST_COUNTS = 20_000
"""In all points together; some kilobytes each. With many Workers, less than an hour is kept."""


@dataclass(slots=True)
class Point:
    number: int
    """Its time, divided by SECONDS."""
    workers: dict[Version, Counts] = field(default_factory=dict[Version, Counts])


class History:
    """`now` is always seconds since 1970, and never goes back."""

    def __init__(self) -> None:
        self._points: deque[Point] = deque()
        self._first: float | None = None
        self._before: dict[Version, Counts] = {}
        self._last: dict[Version, Counts] = {}
        self._kept = 0

    def add(self, sums: Sums, now: float) -> None:
        """The counts as they are now."""
        if self._first is None:
            self._first = now
            self._before = self._last = sums.workers
            return
        number = int(now // SECONDS)
        if not self._points or self._points[-1].number < number:
            self._points.append(Point(number))
        point = self._points[-1]
        for version, counts in sums.workers.items():
            last = self._last.get(version) or Counts()
            if counts.total > last.total:
                if version not in point.workers:
                    point.workers[version] = Counts()
                    self._kept += 1
                point.workers[version].add(counts.since(last))
        self._last = sums.workers
        while len(self._points) > MOST_POINTS or (
            self._kept > MOST_COUNTS and len(self._points) > 1
        ):
            self._kept -= len(self._points.popleft().workers)

    def window(self, seconds: float, now: float) -> dict[Version, Counts]:
        """What came in the last `seconds`, the point that they begin in included."""
        total: dict[Version, Counts] = {}
        if self._first is None or now - seconds < self._first:
            _add(total, self._before)
        for point in self._points:
            if (point.number + 1) * SECONDS > now - seconds:
                _add(total, point.workers)
        return total

    def series(
        self, seconds: float, now: float, most: int
    ) -> tuple[float, list[dict[Version, Counts]]]:
        """The same one after the other, in `most` steps at most, and how long these are."""
        points = max(1, min(round(seconds / SECONDS), MOST_POINTS))
        width = -(-points // most)
        steps = -(-points // width)
        last = int(now // SECONDS)
        series: list[dict[Version, Counts]] = [{} for _ in range(steps)]
        for point in self._points:
            at = steps - 1 - (last - point.number) // width
            if at >= 0:
                _add(series[at], point.workers)
        return width * SECONDS, series


def _add(total: dict[Version, Counts], more: dict[Version, Counts]) -> None:
    for version, counts in more.items():
        total.setdefault(version, Counts()).add(counts)
