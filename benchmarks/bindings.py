"""`python -m benchmarks.bindings`: what an operation on a binding costs, beside a plain request."""

from __future__ import annotations

import argparse
import sys
import tempfile
import urllib.request
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from benchmarks.load import put_load
from benchmarks.processes import tree, usage
from benchmarks.servers import Server, serve
from benchmarks.tools import FOLDER, BenchmarkError

_CONNECTIONS = 32
_FILLS = 40
"""Requests of 500 puts each: 20,000 keys."""

CASES = (
    ("KV get, cached", "/cached", False),
    ("KV get, not cached", "/read", False),
    ("KV put", "/put", False),
    ("rate limit binding", "/limit", False),
    ("allowed by a rule", "/allowed", False),
    ("refused by a rule", "/refused", True),
)


@dataclass(frozen=True, slots=True)
class Row:
    """Medians of the rounds. The ratios are to the round of hello beside each."""

    name: str
    requests_per_second: float
    p50_us: float
    cpu_us: float
    """Of all processes of the server, for each request."""
    rate_ratio: float
    cpu_ratio: float
    """How many of these cost as much as one hello."""


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.bindings", description=__doc__)
    parser.add_argument("--rounds", type=int, default=3, help="of each case, in turns (3)")
    parser.add_argument("--seconds", type=int, default=1, help="length of a round (1)")
    parser.add_argument("--case", default="", metavar="TEXT", help="only cases with it in the name")
    arguments = parser.parse_args()
    try:
        cases = [case for case in CASES if arguments.case in case[0]]
        rows = measure(cases, arguments.rounds, arguments.seconds)
    except BenchmarkError as error:
        print(f"Error: {error}", file=sys.stderr)
        return 1
    print("| case | requests/s | p50 | CPU | rate, hello 1 | in hello's CPU |")
    print("|---|---|---|---|---|---|")
    for row in rows:
        print(
            f"| {row.name} | {row.requests_per_second:,.0f} | {row.p50_us / 1000:.2f} ms "
            f"| {row.cpu_us:.0f} µs | {row.rate_ratio:.2f} | {row.cpu_ratio:.2f} |"
        )
    return 0


def measure(cases: list[tuple[str, str, bool]], rounds: int, seconds: int) -> list[Row]:
    """Raises BenchmarkError."""
    with tempfile.TemporaryDirectory(prefix="benchmark-") as folder:
        worker = FOLDER / "workers" / "bindings"
        with serve(worker, Path(folder), "--state", f"{folder}/state") as server:
            rows: list[Row] = []
            hellos: list[_Run] = []
            for name, path, refusals in cases:
                if path == "/read":
                    # A gateway that has written a key has not read it.
                    for _ in range(_FILLS):
                        urllib.request.urlopen(f"{server.url}/fill", timeout=60).close()
                runs: list[tuple[_Run, _Run]] = []
                for _ in range(rounds):
                    hello = _run(server, "/", seconds)
                    runs.append((hello, _run(server, path, seconds, refusals=refusals)))
                    hellos.append(hello)
                rows.append(_row(name, runs))
            return [_row("hello", [(hello, hello) for hello in hellos]), *rows]


@dataclass(frozen=True, slots=True)
class _Run:
    rate: float
    p50_us: float
    cpu_us: float


def _run(server: Server, path: str, seconds: int, *, refusals: bool = False) -> _Run:
    url = f"{server.url}{path}"
    before = _cpu(server)
    load = put_load(url, connections=_CONNECTIONS, seconds=seconds, refusals=refusals)
    cpu_us = (_cpu(server) - before) * 1e6 / max(1, load.requests)
    return _Run(load.requests / load.seconds, load.p50_us, cpu_us)


def _cpu(server: Server) -> float:
    return sum(usage(pid).cpu for pid in tree(server.pid))


def _row(name: str, runs: list[tuple[_Run, _Run]]) -> Row:
    return Row(
        name,
        median(run.rate for _, run in runs),
        median(run.p50_us for _, run in runs),
        median(run.cpu_us for _, run in runs),
        median(run.rate / hello.rate for hello, run in runs),
        median(hello.cpu_us / run.cpu_us for hello, run in runs),
    )


if __name__ == "__main__":
    sys.exit(main())
