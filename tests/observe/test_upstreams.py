"""Upstreams that make the slowest requests slow."""

from __future__ import annotations

from edgewright.config.limits import Limits
from edgewright.messages import Request
from edgewright.observe.advice import advice
from edgewright.observe.trace import Trace, Tracing
from edgewright.observe.upstreams import FEWEST, Upstreams
from edgewright.protocol.messages import CauseCommand

TRACING = Tracing(on=True)
URL = "https://api.test/users"


def request(
    upstreams: Upstreams, wall: float, call: float, *, signal: bool = False, url: str = URL
) -> Trace:
    """One that took `wall` seconds, and its only subrequest `call` of them."""
    trace = TRACING.begin("worker", Request("GET", "https://worker.test/", [], None), Limits())
    trace.watched = True
    fetch = trace.fetch(1, "GET", url, [], None)
    trace.heard(CauseCommand(1, 1, "worker:/index.js:3:9", None, [], 0, signal))
    fetch.asked = trace.began
    fetch.settled = trace.began + call
    trace.answered = trace.ended = trace.began + wall
    trace.slow_upstreams = upstreams.ended(trace)
    return trace


def kinds(trace: Trace) -> list[str]:
    return [each.kind for each in advice(trace)]


def after_many(upstreams: Upstreams, *, signal: bool = False) -> Upstreams:
    for _ in range(FEWEST):
        request(upstreams, 0.05, 0.04, signal=signal)
    request(upstreams, 2.0, 1.9, signal=signal)
    return upstreams


def test_an_upstream_that_dominates_the_slowest_requests() -> None:
    (found,) = advice(request(after_many(Upstreams()), 3.0, 2.9))
    assert (found.kind, found.at) == ("upstream", ["worker:/index.js:3:9"])
    assert found.text.startswith("api.test makes the slowest 1 % of requests slow: of the last 102")
    assert "2000 ms or more" in found.text
    assert "50 ms" in found.text


def test_only_a_slow_request_is_told() -> None:
    assert kinds(request(after_many(Upstreams()), 0.05, 0.04)) == []


def test_few_requests_prove_nothing() -> None:
    upstreams = Upstreams()
    assert [kinds(request(upstreams, 2.0 if i > 5 else 0.1, 1.9)) for i in range(20)] == [[]] * 20


def test_calls_with_a_signal_are_bounded() -> None:
    assert kinds(request(after_many(Upstreams(), signal=True), 3.0, 2.9, signal=True)) == []


def test_requests_that_were_slow_for_another_reason() -> None:
    assert kinds(request(after_many(Upstreams()), 3.0, 0.1)) == []


def test_one_that_is_always_slow() -> None:
    upstreams = Upstreams()
    for _ in range(FEWEST + 20):
        trace = request(upstreams, 2.0, 1.9)
    assert kinds(trace) == []


def test_what_is_kept_is_bounded() -> None:
    upstreams = after_many(Upstreams())
    for number in range(200):
        request(upstreams, 0.1, 0.1, url=f"https://api{number}.test/")
    assert kinds(request(upstreams, 3.0, 2.9)) == []
