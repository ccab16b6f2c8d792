"""Who counts: the interface that shared memory has, and that Redis or another node could.

The rule is the *sliding window counter*, which the hosted platform's rate limiting counts by as
well. Time is cut into periods. What happened in the period before is taken to have been spread over
it evenly, so that of it there counts what the last `period` seconds still reach into:

    count = ceil(before * (what is left of this period / period)) + now

It is one small record for each key, whatever the limit is; it lets no burst through at the border
of two periods, as counting by the clock would; and as long as a key is below its limit in one
period and the next, the count is exact. The approximation: a burst at the end of a period is taken
to be older than it is. (A sliding log would be exact, at a record for each event.)
"""

from __future__ import annotations

import math
from collections.abc import Awaitable
from typing import NamedTuple, Protocol


class Limit(NamedTuple):
    """So many in any so many seconds, for each key of a namespace."""

    namespace: str
    limit: int
    period: int


class Verdict(NamedTuple):
    allowed: bool
    retry_after: float = 0.0
    """Seconds until it would be allowed, if nothing else happens."""


class Limiter(Protocol):
    """Counts, exactly: of requests at the same time, in whichever processes, no more are allowed
    than the limit lets through."""

    def take(self, limit: Limit, key: str, amount: int = 1) -> Verdict | Awaitable[Verdict]:
        """Counts `amount` where the count is below the limit, and nothing where it is not. At once
        where the counter is near, and else later."""
        ...

    def close(self) -> None: ...


Window = tuple[int, int, int]
"""What is known of a key: the period's number since 1970, what happened in the period before, and
what in it."""

NEVER: Window = (0, 0, 0)
ALLOWED = Verdict(True)

_MOST = 2**32 - 1


def count(window: Window, limit: Limit, amount: int, time: float) -> tuple[Window, Verdict]:
    """The rule. `time` is in seconds since 1970."""
    number, before, now = window
    period, most = limit.period, limit.limit
    current = int(time // period)
    elapsed = time - current * period
    if number == current - 1:
        before, now = now, 0
    elif number < current:
        before = now = 0
    elif number > current:  # the clock was put back
        current, elapsed = number, 0.0
    if before and now < most:
        full = math.ceil(before * (1 - elapsed / period)) + now >= most
    else:
        full = now >= most
    if full:
        return window, Verdict(False, _retry_after(before, now, limit, elapsed))
    return (current, before, min(now + amount, _MOST)), ALLOWED


def _retry_after(before: int, now: int, limit: Limit, elapsed: float) -> float:
    """When ceil(before * left) + now falls below the limit."""
    if now < limit.limit:
        left = (limit.limit - 1 - now) / before
        return limit.period * (1 - left) - elapsed
    # Not in this period: what is `now` will be `before`.
    left = (limit.limit - 1) / now
    return limit.period * (2 - left) - elapsed
