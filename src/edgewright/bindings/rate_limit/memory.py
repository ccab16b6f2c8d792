"""Counts within one process: for tests and for Workers inside a Python program."""

from __future__ import annotations

import time
from collections.abc import Callable

from edgewright.bindings.rate_limit.limiter import NEVER, Limit, Verdict, Window, count

_CLEAN_ABOVE = 10_000


class MemoryLimiter:
    """See Limiter. `now` gives seconds since 1970."""

    def __init__(self, now: Callable[[], float] = time.time) -> None:
        self._now = now
        self._windows: dict[tuple[str, int, str], Window] = {}
        self._clean_above = _CLEAN_ABOVE

    def take(self, limit: Limit, key: str, amount: int = 1) -> Verdict:
        now = self._now()
        place = limit.namespace, limit.period, key
        window, verdict = count(self._windows.get(place, NEVER), limit, amount, now)
        if verdict.allowed:
            self._windows[place] = window
            if len(self._windows) > self._clean_above:
                self._clean(now)
        return verdict

    def close(self) -> None: ...

    def _clean(self, now: float) -> None:
        for place, window in list(self._windows.items()):
            if window[0] < now // place[1] - 1:
                del self._windows[place]
        self._clean_above = max(_CLEAN_ABOVE, 2 * len(self._windows))
