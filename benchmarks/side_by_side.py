"""Both runtimes with the same Worker and upstream, and both up for all of it: one idles while the
other works."""

from __future__ import annotations

import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path

from benchmarks.cases import Case
from benchmarks.compare import compare
from benchmarks.results import CaseResult
from benchmarks.servers import WORKER, edgewright, upstream, workerd_server


def side_by_side(
    cases: list[Case], *, rounds: int, seconds: int, worker: Path = WORKER, **limits: int
) -> list[CaseResult]:
    """`limits` are Edgewright's. Raises BenchmarkError."""
    with ExitStack() as stack:

        def folder() -> Path:
            return Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="benchmark-")))

        origin = stack.enter_context(upstream(folder())).url
        ours = stack.enter_context(edgewright(folder(), origin, worker, **limits))
        theirs = stack.enter_context(workerd_server(folder(), origin, worker))
        results: list[CaseResult] = []
        for case in cases:
            print(f"{case.name} …", file=sys.stderr, flush=True)
            results.append(compare(case, ours, theirs, rounds=rounds, seconds=seconds))
        return results
