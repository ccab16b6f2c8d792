"""Quantiles from buckets."""

from __future__ import annotations

import random
from collections import Counter

import pytest

from edgewright.observe.histogram import BOUNDS, bucket_of, quantile


def test_a_bound_is_within_its_bucket() -> None:
    assert [bucket_of(bound) for bound in BOUNDS] == list(range(len(BOUNDS)))


@pytest.mark.parametrize("part", [0.5, 0.95, 0.99])
def test_a_quantile_is_off_by_a_bucket_at_most(part: float) -> None:
    durations = sorted(random.Random(1).lognormvariate(2, 1) for _ in range(5000))
    counts = Counter(map(bucket_of, durations))
    exact = durations[int(part * len(durations))]
    assert quantile(counts, part) == pytest.approx(exact, rel=0.13)


def test_of_nothing_there_is_no_quantile() -> None:
    assert quantile({}, 0.5) is None


def test_what_is_longer_than_all_bounds_counts_as_the_last() -> None:
    assert quantile(Counter({bucket_of(1e12): 1}), 0.99) == BOUNDS[-1]
