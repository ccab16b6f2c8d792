"""The results as Markdown: `python -m benchmarks.report [FILE]`."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import msgspec

from benchmarks.results import CaseResult, IsolateResult, PeerResult, ProcessUse, Results
from benchmarks.tools import FOLDER

RESULTS = FOLDER / "results.json"


def main() -> None:
    file = Path(sys.argv[1]) if len(sys.argv) > 1 else RESULTS
    print(report(msgspec.json.decode(file.read_bytes(), type=Results)))


def report(results: Results) -> str:
    """All tables, and what they were measured on."""
    parts = [speed(results.cases), cost(results.cases)]
    if results.isolates is not None:
        parts.append(_isolates(results.isolates))
    return "\n\n".join([*parts, conditions(results)])


def speed(cases: Sequence[CaseResult]) -> str:
    """The table of the README: who is how fast."""
    rows = [
        (
            case.name,
            _figure(case.edgewright, case.measure),
            _figure(case.workerd, case.measure),
            _verdict(case),
        )
        for case in cases
    ]
    return _table(("", "Edgewright", "workerd", "Edgewright is"), rows)


def conditions(results: Results) -> str:
    machine = results.machine
    return (
        f"{machine['cores']} cores of {machine['cpu']}, {machine['kernel']}; "
        f"load generator and upstream on the same machine. Python {machine['python']}, "
        f"pydeno {machine['pydeno']}, granian {machine['granian']}, "
        f"httptools {machine['httptools']}, {machine['workerd']}, {machine['wrk']}. "
        f"Medians of {results.rounds} rounds of {results.seconds} s in turns; "
        "in parentheses the least and the most of the rounds."
    )


def cost(cases: Sequence[CaseResult]) -> str:
    """What each process used for it."""
    rows: list[tuple[str, ...]] = []
    for case in cases:
        for name, peer in (("Edgewright", case.edgewright), ("workerd", case.workerd)):
            rows.append(
                (
                    case.name,
                    name,
                    _time(peer.p50_us.median),
                    _time(peer.p99_us.median),
                    _each(peer, lambda use: use.cpu_us_per_request),
                    _each(peer, lambda use: use.pss_mb),
                    _each(peer, lambda use: use.rss_growth_mb),
                )
            )
    head = ("", "", "p50", "p99", "CPU per request, µs", "PSS, MB", "RSS growth, MB")
    return _table(head, rows)


def _isolates(result: IsolateResult) -> str:
    rows = [
        ("snapshot", f"{result.snapshot_mb:.2f} MB"),
        ("isolate ready, from the snapshot", f"{result.start_ms.median:.1f} ms"),
        (
            f"memory per idle isolate, API and Worker loaded (of {result.idle_isolates})",
            f"{result.idle_pss_mb:.2f} MB",
        ),
        (
            f"first request to a never-used Worker (of {result.workers}): median, p99",
            f"{result.first_request_p50_ms:.1f} ms, {result.first_request_p99_ms:.1f} ms",
        ),
        (
            "the same back to back",
            f"{result.burst_first_request_p50_ms:.1f} ms, "
            f"{result.burst_first_request_p99_ms:.1f} ms",
        ),
    ]
    return _table(("An isolate of Edgewright", ""), rows)


def _figure(peer: PeerResult, measure: str) -> str:
    match measure:
        case "p50_us":
            return f"{_time(peer.p50_us.median)} median"
        case "mb_per_second":
            return f"{peer.mb_per_second.median:,.0f} MB/s"
        case _:
            return f"{peer.requests_per_second.median:,.0f} req/s"


def _verdict(case: CaseResult) -> str:
    """Says in words which way round the ratio is, since less is more for a latency."""
    ratio = case.ratio
    faster = (ratio.median, ratio.low, ratio.high)
    if case.measure == "p50_us":
        faster = (1 / ratio.median, 1 / ratio.high, 1 / ratio.low)
    if faster[0] >= 1:
        return f"{faster[0]:.2f}x faster ({faster[1]:.2f} to {faster[2]:.2f})"
    return f"{1 / faster[0]:.2f}x slower ({1 / faster[2]:.2f} to {1 / faster[1]:.2f})"


def _each(peer: PeerResult, figure: Callable[[ProcessUse], float]) -> str:
    """A figure of each process that did anything to speak of."""
    return ", ".join(
        f"{use.role} {figure(use):,.0f}" for use in peer.processes if use.role != "supervisor"
    )


def _time(us: float) -> str:
    return f"{us:.0f} µs" if us < 1000 else f"{us / 1000:.1f} ms"


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


if __name__ == "__main__":
    main()
