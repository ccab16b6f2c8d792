"""What the benchmarks of one part of the API have in common: their options, and a table."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from benchmarks.cases import Case
from benchmarks.report import cost, speed
from benchmarks.side_by_side import side_by_side
from benchmarks.tools import BenchmarkError

_CPU_MS = 60_000
"""workerd has no limit, and large bodies are more than the default allows."""


def print_table(
    name: str, description: str | None, cases: tuple[Case, ...], worker: Path, *, seconds: int
) -> int:
    """The main program `python -m benchmarks.NAME`: its exit code. `seconds` is the length of a
    round where nobody says otherwise."""
    parser = argparse.ArgumentParser(prog=f"python -m benchmarks.{name}", description=description)
    parser.add_argument("--rounds", type=int, default=5, help="of each case, in turns (5)")
    parser.add_argument(
        "--seconds", type=int, default=seconds, help=f"length of a round ({seconds})"
    )
    parser.add_argument("--case", default="", metavar="TEXT", help="only cases with it in the name")
    given = parser.parse_args()
    chosen = [case for case in cases if given.case in case.name]
    try:
        results = side_by_side(
            chosen, rounds=given.rounds, seconds=given.seconds, worker=worker, cpu_ms=_CPU_MS
        )
    except BenchmarkError as error:
        print(f"Error: {error}", file=sys.stderr)
        return 1
    print(f"{speed(results)}\n\n{cost(results)}")
    return 0
