"""What a run of the benchmarks writes down, as JSON."""

from __future__ import annotations

import statistics
from collections.abc import Iterable

import msgspec


class Spread(msgspec.Struct, frozen=True):
    """One figure over all rounds."""

    median: float
    low: float
    high: float

    @classmethod
    def of(cls, values: Iterable[float]) -> Spread:
        ordered = sorted(values)
        return cls(
            round(statistics.median(ordered), 4), round(ordered[0], 4), round(ordered[-1], 4)
        )


class ProcessUse(msgspec.Struct, frozen=True):
    """What one process of a runtime used in a case; CPU as the median of the rounds."""

    role: str
    cpu_us_per_request: float
    cpu_us_per_mb: float
    pss_mb: float
    """After the last round."""
    rss_mb: float
    rss_growth_mb: float
    """The highest RSS in the last round, above that at its start."""


class PeerResult(msgspec.Struct, frozen=True):
    requests_per_second: Spread
    mb_per_second: Spread
    p50_us: Spread
    p99_us: Spread
    processes: list[ProcessUse]


class CaseResult(msgspec.Struct, frozen=True):
    name: str
    measure: str
    """Which figure the case is about: a field of PeerResult."""
    edgewright: PeerResult
    workerd: PeerResult
    ratio: Spread
    """The measure of Edgewright over that of workerd, of runs that followed each other."""


class IsolateResult(msgspec.Struct, frozen=True):
    """What an isolate costs in Edgewright; there is nothing to compare it with in workerd."""

    snapshot_mb: float
    start_ms: Spread
    """From the snapshot to an isolate that can load a Worker."""
    idle_isolates: int
    idle_pss_mb: float
    """Of each idle isolate: with the API and a trivial Worker loaded."""
    workers: int
    first_request_p50_ms: float
    """To a Worker that was never used, when a spare isolate had time to start."""
    first_request_p99_ms: float
    burst_first_request_p50_ms: float
    """The same, back to back: the next Worker's request comes when the last one's was answered."""
    burst_first_request_p99_ms: float


class Results(msgspec.Struct, frozen=True):
    machine: dict[str, str]
    rounds: int
    seconds: int
    """Length of a round."""
    cases: list[CaseResult]
    isolates: IsolateResult | None
