"""Which requests a gateway remembers."""

from __future__ import annotations

import pytest

from edgewright.observe.recent import MOST_PER_SECOND, Recent, RequestFilter
from edgewright.observe.records import Outcome, RequestRecord, WorkerError

ALL = RequestFilter()


@pytest.fixture(autouse=True)
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The time; a second goes by with each look at it."""
    now = [1000.0]

    def time() -> float:
        now[0] += now[1] if len(now) > 1 else 1.0
        return now[0]

    monkeypatch.setattr("edgewright.observe.recent.time.time", time)
    return now


def record(url: str, wall_ms: float = 1.0, outcome: Outcome = Outcome.OK) -> RequestRecord:
    error = None if outcome is Outcome.OK else WorkerError("Error", "no", "")
    return RequestRecord("w", "GET", url, 200, outcome, wall_ms, 0.1, 0, error=error, version="v")


def urls(recent: Recent, wanted: RequestFilter = ALL) -> list[str]:
    return [kept.record.url for kept in recent.newest(wanted, before=None, limit=10_000)]


def test_newest_first_and_before_a_time() -> None:
    recent = Recent()
    for number in range(3):
        recent.request_finished(record(f"/{number}"))
    assert urls(recent) == ["/2", "/1", "/0"]
    (newest, *_) = recent.newest(ALL, before=None, limit=1)
    older = recent.newest(ALL, before=newest.time, limit=1)
    assert [kept.record.url for kept in older] == ["/1"]


def test_bytes_are_bounded() -> None:
    recent = Recent(most_bytes=100_000)
    for number in range(1000):
        recent.request_finished(record(f"/{number}"))
    assert 10 < len(urls(recent)) < 60
    assert "/999" in urls(recent)


def test_a_failure_outlives_what_comes_after_it() -> None:
    recent = Recent(most_bytes=100_000)
    recent.request_finished(record("/failed", outcome=Outcome.EXCEPTION))
    for number in range(1000):
        recent.request_finished(record(f"/{number}"))
    assert urls(recent)[-1] == "/failed"
    assert urls(recent, RequestFilter(outcome="error")) == ["/failed"]


def test_a_slow_one_outlives_the_fast_ones_after_it() -> None:
    recent = Recent(most_bytes=100_000)
    for number in range(200):
        recent.request_finished(record(f"/warm/{number}"))
    recent.request_finished(record("/slow", wall_ms=500.0))
    for number in range(40):
        recent.request_finished(record(f"/{number}", wall_ms=0.1))
    for number in range(40):
        recent.request_finished(record(f"/more/{number}", wall_ms=0.1))
    assert "/slow" in urls(recent)
    assert "/0" not in urls(recent)


def test_of_a_crowd_only_so_many_a_second_are_kept(clock: list[float]) -> None:
    clock.append(0.0)  # from now on it stands still
    recent = Recent()
    for number in range(10 * MOST_PER_SECOND):
        recent.request_finished(record(f"/{number}", outcome=Outcome.EXCEPTION))
    assert len(urls(recent)) == MOST_PER_SECOND
    clock[1] = 1.0
    recent.request_finished(record("/later"))
    assert urls(recent)[0] == "/later"


def test_a_search_looks_into_urls_and_errors() -> None:
    recent = Recent()
    recent.request_finished(record("/Shop/1"))
    recent.request_finished(record("/other", outcome=Outcome.EXCEPTION))
    assert urls(recent, RequestFilter(search="shop")) == ["/Shop/1"]
    assert urls(recent, RequestFilter(search="Error: no")) == ["/other"]
