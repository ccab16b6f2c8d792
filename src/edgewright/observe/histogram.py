"""How durations are distributed, in buckets that are narrow enough to tell quantiles by.

Twenty buckets for each power of ten, from 10 µs to 15 minutes: a quantile is off by 6 % at most.
The bounds are Renard's preferred numbers (ISO 3, R20), among which are 1, 2, 2.5 and 5, and so
those that Prometheus is shown.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Mapping

_R20 = (1, 1.12, 1.25, 1.4, 1.6, 1.8, 2, 2.24, 2.5, 2.8, 3.15, 3.55, 4, 4.5, 5, 5.6, 6.3, 7.1, 8, 9)

BOUNDS: tuple[float, ...] = tuple(
    float(f"{each}e{power}") for power in range(-2, 6) for each in _R20
)
"""Upper bounds, in milliseconds, each within its bucket. One more bucket has what is longer."""


def bucket_of(milliseconds: float) -> int:
    return bisect_left(BOUNDS, milliseconds)


def quantile(counts: Mapping[int, int], part: float) -> float | None:
    """What so large a part of the durations does not exceed, in milliseconds; None where there are
    none. `counts` are by bucket."""
    total = sum(counts.values())
    if not total:
        return None
    rank, seen = part * total, 0
    for bucket, count in sorted(counts.items()):
        if count and seen + count >= rank:
            low = BOUNDS[bucket - 1] if bucket else 0.0
            high = BOUNDS[min(bucket, len(BOUNDS) - 1)]
            return low + (high - low) * (rank - seen) / count
        seen += count
    return BOUNDS[-1]
