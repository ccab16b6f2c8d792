"""`python -m benchmarks`: Edgewright and workerd side by side, a table and a JSON file."""

from __future__ import annotations

import argparse
import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path

import msgspec

from benchmarks import isolates, machine
from benchmarks.cases import CASES, Case
from benchmarks.compare import compare
from benchmarks.report import RESULTS, report
from benchmarks.results import CaseResult, Results
from benchmarks.servers import edgewright, upstream, workerd_server
from benchmarks.tools import BenchmarkError


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--rounds", type=int, default=5, help="of each case, in turns (5)")
    parser.add_argument("--seconds", type=int, default=4, help="length of a round (4)")
    parser.add_argument("--quick", action="store_true", help="a minute's smoke test, no figures")
    parser.add_argument("--case", default="", metavar="TEXT", help="only cases with it in the name")
    parser.add_argument(
        "--output",
        type=Path,
        help="the JSON file (benchmarks/results.json, or none if not all is run)",
    )
    arguments = parser.parse_args()
    cases = [case for case in CASES if arguments.case in case.name]
    rounds, seconds = (2, 1) if arguments.quick else (arguments.rounds, arguments.seconds)
    everything = not arguments.case
    try:
        about = machine.describe()
        compared = _compare(cases, rounds, seconds)
        alone = isolates.measure(20 if arguments.quick else 200) if everything else None
    except BenchmarkError as error:
        print(f"Error: {error}", file=sys.stderr)
        return 1
    results = Results(about, rounds, seconds, compared, alone)
    print(report(results))
    output = arguments.output
    if output is None and everything and not arguments.quick:
        output = RESULTS
    if output is not None:
        output.write_bytes(msgspec.json.format(msgspec.json.encode(results), indent=2) + b"\n")
    return 0


def _compare(cases: list[Case], rounds: int, seconds: int) -> list[CaseResult]:
    """With both runtimes up for all of it: one idles while the other works."""
    with ExitStack() as stack:

        def folder() -> Path:
            return Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="benchmark-")))

        origin = stack.enter_context(upstream(folder())).url
        ours = stack.enter_context(edgewright(folder(), origin))
        theirs = stack.enter_context(workerd_server(folder(), origin))
        results: list[CaseResult] = []
        for case in cases:
            print(f"{case.name} …", file=sys.stderr, flush=True)
            results.append(compare(case, ours, theirs, rounds=rounds, seconds=seconds))
        return results


if __name__ == "__main__":
    sys.exit(main())
