"""What came when."""

from __future__ import annotations

from edgewright.admin.history import MOST_POINTS, SECONDS, History
from edgewright.admin.sums import Sums
from edgewright.observe.counts import Counts

SHOP = ("shop", "1")


def sums(requests: int) -> Sums:
    counts = Counts()
    counts.requests["ok", "2xx"] = requests
    return Sums({SHOP: counts})


def test_a_window_has_what_came_in_it() -> None:
    history = History()
    for at, total in ((0, 5), (10, 7), (100, 10)):
        history.add(sums(total), 1000.0 + at)
    assert history.window(20, 1100.0)[SHOP].total == 3
    assert history.window(95, 1100.0)[SHOP].total == 5


def test_what_came_before_the_first_look_is_part_of_a_window_that_reaches_so_far() -> None:
    history = History()
    history.add(sums(5), 1000.0)
    history.add(sums(7), 1010.0)
    assert history.window(60, 1010.0)[SHOP].total == 7


def test_a_series_has_its_steps_in_order() -> None:
    history = History()
    for at, total in ((0, 0), (1, 2), (11, 5)):
        history.add(sums(total), 1000.0 + at)
    seconds, steps = history.series(20, 1014.0, most=60)
    assert seconds == SECONDS
    totals = [step[SHOP].total if SHOP in step else 0 for step in steps]
    assert totals == [0, 2, 0, 3]


def test_a_long_series_is_summed_up_to_fewer_steps() -> None:
    history = History()
    for at in range(0, 3600, SECONDS):
        history.add(sums(at), 100_000.0 + at)
    seconds, steps = history.series(3600, 100_000.0 + 3599, most=60)
    assert (seconds, len(steps)) == (60, 60)
    assert sum(step[SHOP].total for step in steps if SHOP in step) == 3600 - SECONDS


def test_an_hour_is_kept() -> None:
    history = History()
    for at in range(0, 2 * MOST_POINTS * SECONDS, SECONDS):
        history.add(sums(at), 100_000.0 + at)
    window = history.window(1e9, 100_000.0 + 2 * MOST_POINTS * SECONDS)
    assert window[SHOP].total == MOST_POINTS * SECONDS
