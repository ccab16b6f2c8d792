"""HTMLRewriter beside workerd's: `python -m benchmarks.html`."""

from __future__ import annotations

import argparse
import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path

from benchmarks.cases import Case
from benchmarks.compare import compare
from benchmarks.report import cost, speed
from benchmarks.results import CaseResult
from benchmarks.servers import edgewright, upstream, workerd_server
from benchmarks.tools import FOLDER, BenchmarkError

WORKER = FOLDER / "workers" / "html.js"

CASES = (
    Case("a page of 5 KB, 30 links rewritten", "/page", 1, "p50_us"),
    Case("3 MB, nothing matches", "/nothing", 1, "mb_per_second"),
    Case("3 MB, 20,000 links rewritten", "/links", 1, "mb_per_second"),
    Case("3 MB, 40,000 texts read", "/text", 1, "mb_per_second"),
    Case("3 MB, 20,000 handlers that wait", "/waiting", 1, "mb_per_second"),
)

_CPU_MS = 60_000
"""workerd has no limit, and 3 MB are more than the default allows."""


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.html", description=__doc__)
    parser.add_argument("--rounds", type=int, default=5, help="of each case, in turns (5)")
    parser.add_argument("--seconds", type=int, default=4, help="length of a round (4)")
    parser.add_argument("--case", default="", metavar="TEXT", help="only cases with it in the name")
    arguments = parser.parse_args()
    cases = [case for case in CASES if arguments.case in case.name]
    try:
        results = _compare(cases, arguments.rounds, arguments.seconds)
    except BenchmarkError as error:
        print(f"Error: {error}", file=sys.stderr)
        return 1
    print(f"{speed(results)}\n\n{cost(results)}")
    return 0


def _compare(cases: list[Case], rounds: int, seconds: int) -> list[CaseResult]:
    with ExitStack() as stack:

        def folder() -> Path:
            return Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="benchmark-")))

        origin = stack.enter_context(upstream(folder())).url
        ours = stack.enter_context(edgewright(folder(), origin, WORKER, cpu_ms=_CPU_MS))
        theirs = stack.enter_context(workerd_server(folder(), origin, WORKER))
        return [compare(case, ours, theirs, rounds=rounds, seconds=seconds) for case in cases]


if __name__ == "__main__":
    sys.exit(main())
