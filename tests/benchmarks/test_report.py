import pytest

from benchmarks.report import speed
from benchmarks.results import CaseResult, PeerResult, Spread


def _peer(*, rps: float = 100.0, p50_us: float = 100.0) -> PeerResult:
    one = Spread.of([1.0])
    return PeerResult(Spread.of([rps]), one, Spread.of([p50_us]), one, [])


@pytest.mark.parametrize(
    ("ratio", "verdict"),
    [
        ([1.9, 2.0, 2.5], "2.00x faster (1.90 to 2.50)"),
        ([0.4, 0.5, 1.25], "2.00x slower (0.80 to 2.50)"),
    ],
)
def test_more_requests_per_second_are_faster(ratio: list[float], verdict: str) -> None:
    case = CaseResult("hello", "requests_per_second", _peer(), _peer(), Spread.of(ratio))
    assert verdict in speed([case])


def test_a_higher_latency_is_slower() -> None:
    case = CaseResult(
        "hello", "p50_us", _peer(p50_us=300), _peer(p50_us=200), Spread.of([1.5, 1.25, 2.0])
    )
    row = speed([case]).splitlines()[-1]
    assert row == "| hello | 300 µs median | 200 µs median | 1.50x slower (1.25 to 2.00) |"
