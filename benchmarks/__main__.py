"""`python -m benchmarks`: Edgewright and workerd side by side, a table and a JSON file."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import msgspec

from benchmarks import isolates, machine
from benchmarks.cases import CASES
from benchmarks.report import RESULTS, report
from benchmarks.results import Results
from benchmarks.side_by_side import side_by_side
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
        compared = side_by_side(cases, rounds=rounds, seconds=seconds)
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


if __name__ == "__main__":
    sys.exit(main())
