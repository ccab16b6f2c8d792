"""What the API costs beside workerd's: `python -m benchmarks.api`.

Small things are done a thousand times in a request, so that the request itself hardly counts.
"""

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

WORKER = FOLDER / "workers" / "api.js"

CASES = (
    Case("1,000 `new URL()`", "/url", 1, "p50_us"),
    Case("1,000 `new URL()`, a search parameter set", "/changed-url", 1, "p50_us"),
    Case("1,000 `new URL()` out of the ordinary, with a base", "/odd-url", 1, "p50_us"),
    Case("1,000 `Headers`: made, changed, walked", "/headers", 1, "p50_us"),
    Case("1,000 `Response.json()`", "/json", 1, "p50_us"),
    Case("1,000 `Response.json()` and their `text()`", "/json-text", 1, "p50_us"),
    Case("1 MB subrequest, `text()`", "/text", 1, "p50_us"),
    Case("100 MB passed through", "/pass", 1, "mb_per_second"),
    Case("100 MB through an IdentityTransformStream", "/identity", 1, "mb_per_second"),
    Case("100 MB through a TransformStream", "/transform", 1, "mb_per_second"),
)

_CPU_MS = 60_000
"""workerd has no limit, and 100 MB are more than the default allows."""


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.api", description=__doc__)
    parser.add_argument("--rounds", type=int, default=5, help="of each case, in turns (5)")
    parser.add_argument("--seconds", type=int, default=2, help="length of a round (2)")
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
        results: list[CaseResult] = []
        for case in cases:
            print(f"{case.name} …", file=sys.stderr, flush=True)
            results.append(compare(case, ours, theirs, rounds=rounds, seconds=seconds))
        return results


if __name__ == "__main__":
    sys.exit(main())
