"""A limiter that remembers whom it has refused: a flood is answered without asking the counters.

It stays exact. What was refused did not count, and whatever else is counted meanwhile, in this
process or another, only makes the wait longer: so whoever was told to wait for so many seconds is
refused until then in any case, and asks the counters again after that.

Measured: 1 µs for each refusal, where the counters in shared memory take 15.
"""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable

from edgewright.bindings.rate_limit.limiter import Limit, Limiter, Verdict

_MOST = 10_000
"""Of them that are remembered: each is a tuple and a key."""

_LONGEST_KEY = 256
"""A Worker may count by keys of 64 KB."""


class RememberingLimiter:
    """See Limiter; `limiter` counts. `now` gives seconds, on any clock."""

    def __init__(self, limiter: Limiter, now: Callable[[], float] = time.monotonic) -> None:
        self._limiter = limiter
        self._now = now
        self._refused: dict[tuple[Limit, str], float] = {}
        """Until when."""

    def take(self, limit: Limit, key: str, amount: int = 1) -> Verdict | Awaitable[Verdict]:
        place = limit, key
        until = self._refused.get(place)
        if until is not None:
            left = until - self._now()
            if left > 0:
                return Verdict(False, left)
            del self._refused[place]
        verdict = self._limiter.take(limit, key, amount)
        # (One that comes later is not remembered: its seconds would begin in the past.)
        if isinstance(verdict, Verdict) and not verdict.allowed and len(key) <= _LONGEST_KEY:
            if len(self._refused) >= _MOST:
                self._clean()
            self._refused[place] = self._now() + verdict.retry_after
        return verdict

    def close(self) -> None:
        self._limiter.close()

    def _clean(self) -> None:
        now = self._now()
        self._refused = {place: until for place, until in self._refused.items() if until > now}
        if len(self._refused) >= _MOST:
            self._refused.clear()
