"""`python -m benchmarks.services`: what a hop between two Workers costs, beside workerd's."""

from __future__ import annotations

import argparse
import contextlib
import shutil
import sys
import tempfile
from collections.abc import Generator
from pathlib import Path

from benchmarks.cases import Case
from benchmarks.compare import compare
from benchmarks.results import CaseResult
from benchmarks.servers import Server, running, serve
from benchmarks.tools import FOLDER, BenchmarkError, free_port, workerd

CASES = (
    Case("hello", "/", 32, "requests_per_second"),
    Case("hello by fetch() of a service", "/hop", 32, "requests_per_second"),
    Case("hello by a method", "/call", 32, "requests_per_second"),
    Case("hello by a method of what a method gives", "/pipelined", 32, "requests_per_second"),
    Case("hello, 1 connection", "/", 1, "p50_us"),
    Case("hello by fetch() of a service, 1 connection", "/hop", 1, "p50_us"),
    Case("hello by a method, 1 connection", "/call", 1, "p50_us"),
)

_WORKERS = FOLDER / "workers" / "chained"

_WORKERD = """\
using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [(name = "front", worker = .front), (name = "back", worker = .back)],
  sockets = [(name = "http", address = "127.0.0.1:{port}", http = (), service = "front")],
);
const front :Workerd.Worker = (
  modules = [(name = "front.js", esModule = embed "front.js")],
  bindings = [
    (name = "BACK", service = "back"),
    (name = "CALLS", service = (name = "back", entrypoint = "Calls")),
  ],
  compatibilityDate = "2026-01-01",
);
const back :Workerd.Worker = (
  modules = [(name = "back.js", esModule = embed "back.js")],
  compatibilityDate = "2026-01-01",
);
"""


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.services", description=__doc__)
    parser.add_argument("--rounds", type=int, default=3, help="of each case, in turns (3)")
    parser.add_argument("--seconds", type=int, default=1, help="length of a round (1)")
    parser.add_argument("--case", default="", metavar="TEXT", help="only cases with it in the name")
    arguments = parser.parse_args()
    cases = [case for case in CASES if arguments.case in case.name]
    try:
        results = measure(cases, arguments.rounds, arguments.seconds)
    except BenchmarkError as error:
        print(f"Error: {error}", file=sys.stderr)
        return 1
    print("| case | measure | Edgewright | workerd | better by | CPU | workerd's CPU |")
    print("|---|---|---|---|---|---|---|")
    for result in results:
        ours = getattr(result.edgewright, result.measure).median
        theirs = getattr(result.workerd, result.measure).median
        ratio = 1 / result.ratio.median if result.measure == "p50_us" else result.ratio.median
        cpu, their_cpu = (
            sum(process.cpu_us_per_request for process in peer.processes)
            for peer in (result.edgewright, result.workerd)
        )
        print(
            f"| {result.name} | {result.measure} | {ours:,.0f} | {theirs:,.0f} | {ratio:.2f} "
            f"| {cpu:.0f} µs | {their_cpu:.0f} µs |"
        )
    return 0


def measure(cases: list[Case], rounds: int, seconds: int) -> list[CaseResult]:
    """Raises BenchmarkError."""
    with tempfile.TemporaryDirectory(prefix="benchmark-") as temporary:
        folder = Path(temporary)
        with (
            serve(_WORKERS / "front", folder, str(_WORKERS / "back")) as ours,
            _workerd(folder) as theirs,
        ):
            return [compare(case, ours, theirs, rounds=rounds, seconds=seconds) for case in cases]


@contextlib.contextmanager
def _workerd(folder: Path) -> Generator[Server]:
    port = free_port()
    for file in _WORKERS.glob("*/*.js"):
        shutil.copy(file, folder)
    config = folder / "workerd.capnp"
    config.write_text(_WORKERD.format(port=port))
    with running("workerd", [workerd(), "serve", str(config)], port, folder) as server:
        yield server


if __name__ == "__main__":
    sys.exit(main())
