"""Runs a case on both runtimes in turns, so that whatever else the machine does hits both."""

from __future__ import annotations

import statistics
import urllib.request
from dataclasses import dataclass

from benchmarks.cases import Case
from benchmarks.load import Load, put_load
from benchmarks.processes import Usage, reset_peaks, role, tree, usage
from benchmarks.results import CaseResult, PeerResult, ProcessUse, Spread
from benchmarks.servers import Server
from benchmarks.tools import BenchmarkError

_MB = 1_000_000


@dataclass(frozen=True, slots=True)
class _Run:
    load: Load
    before: dict[int, Usage]
    after: dict[int, Usage]

    def measure(self, name: str) -> float:
        load = self.load
        match name:
            case "requests_per_second":
                return load.requests / load.seconds
            case "mb_per_second":
                return load.bytes / _MB / load.seconds
            case "p50_us":
                return load.p50_us
            case "p99_us":
                return load.p99_us
            case _:
                raise ValueError(f"no such measure: {name}")

    def cpu_us(self, pid: int) -> float:
        return (self.after[pid].cpu - self.before[pid].cpu) * 1e6


def compare(
    case: Case, edgewright: Server, workerd: Server, *, rounds: int, seconds: int
) -> CaseResult:
    """Raises BenchmarkError when they don't give the same answer, or a request fails."""
    if case.measure != "mb_per_second" and _answer(edgewright, case) != _answer(workerd, case):
        raise BenchmarkError(f"{case.name}: the two don't give the same answer")
    for server in (edgewright, workerd):  # code gets compiled, connections are made
        put_load(server.url + case.path, connections=case.connections, seconds=1)
    ours: list[_Run] = []
    theirs: list[_Run] = []
    for _ in range(rounds):
        ours.append(_run(case, edgewright, seconds))
        theirs.append(_run(case, workerd, seconds))
    ratios = [
        mine.measure(case.measure) / other.measure(case.measure)
        for mine, other in zip(ours, theirs, strict=True)
    ]
    return CaseResult(
        case.name, case.measure, _peer_result(ours), _peer_result(theirs), Spread.of(ratios)
    )


def _answer(server: Server, case: Case) -> bytes:
    with urllib.request.urlopen(server.url + case.path, timeout=30) as response:
        return response.read()


def _run(case: Case, server: Server, seconds: int) -> _Run:
    pids = tree(server.pid)
    reset_peaks(pids)
    before = {pid: usage(pid) for pid in pids}
    load = put_load(server.url + case.path, connections=case.connections, seconds=seconds)
    if tree(server.pid) != pids:
        raise BenchmarkError(f"{case.name}: a process of {server.name} ended or was added")
    return _Run(load, before, {pid: usage(pid) for pid in pids})


def _peer_result(runs: list[_Run]) -> PeerResult:
    def spread(measure: str) -> Spread:
        return Spread.of(run.measure(measure) for run in runs)

    return PeerResult(
        spread("requests_per_second"),
        spread("mb_per_second"),
        spread("p50_us"),
        spread("p99_us"),
        [_process_use(runs, pid) for pid in runs[0].after],
    )


def _process_use(runs: list[_Run], pid: int) -> ProcessUse:
    last = runs[-1]
    after = last.after[pid]
    per_request = [run.cpu_us(pid) / max(1, run.load.requests) for run in runs]
    per_mb = [run.cpu_us(pid) / (run.load.bytes / _MB) for run in runs]
    return ProcessUse(
        role=role(pid),
        cpu_us_per_request=round(statistics.median(per_request), 1),
        cpu_us_per_mb=round(statistics.median(per_mb), 1),
        pss_mb=round(after.proportional / _MB, 1),
        rss_mb=round(after.resident / _MB, 1),
        rss_growth_mb=round((after.peak - last.before[pid].resident) / _MB, 1),
    )
