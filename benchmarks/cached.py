"""`python -m benchmarks.cached`: a cache hit beside nginx's, and beside workerd, which has none."""

from __future__ import annotations

import argparse
import sys
import tempfile
import urllib.request
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from benchmarks.load import put_load
from benchmarks.processes import tree, usage
from benchmarks.servers import PAGE, Server, edgewright, nginx_cache, upstream, workerd_server
from benchmarks.tools import FOLDER, BenchmarkError

_WORKER = FOLDER / "workers" / "cached.js"
_CONNECTIONS = 32


@dataclass(frozen=True, slots=True)
class Row:
    """Medians of the rounds."""

    name: str
    requests_per_second: float
    """With 32 connections, as is p50_us."""
    p50_us: float
    cpu_us: float
    """Of all processes of the server, for each request; the upstream's is not in it."""
    alone_us: float
    """The median with one connection."""


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.cached", description=__doc__)
    parser.add_argument("--rounds", type=int, default=3, help="of each case, in turns (3)")
    parser.add_argument("--seconds", type=int, default=1, help="length of a round (1)")
    arguments = parser.parse_args()
    try:
        rows = measure(arguments.rounds, arguments.seconds)
    except BenchmarkError as error:
        print(f"Error: {error}", file=sys.stderr)
        return 1
    print("| 10 KB | requests/s | p50 | CPU | p50, 1 connection |")
    print("|---|---|---|---|---|")
    for row in rows:
        print(
            f"| {row.name} | {row.requests_per_second:,.0f} | {row.p50_us / 1000:.2f} ms "
            f"| {row.cpu_us:.0f} µs | {row.alone_us / 1000:.2f} ms |"
        )
    return 0


def measure(rounds: int, seconds: int) -> list[Row]:
    """Raises BenchmarkError."""
    with ExitStack() as stack:

        def folder() -> Path:
            return Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="benchmark-")))

        origin = stack.enter_context(upstream(folder())).url
        nginx = stack.enter_context(nginx_cache(folder(), origin))
        ours = stack.enter_context(edgewright(folder(), origin, _WORKER))
        theirs = stack.enter_context(workerd_server(folder(), origin, _WORKER))
        cases = (
            ("nginx, hit", nginx, "/page.bin"),
            ("Edgewright, hit by fetch()", ours, "/fetch"),
            ("Edgewright, hit in caches.default", ours, "/match"),
            ("workerd, no cache", theirs, "/fetch"),
        )
        for name, server, path in cases:
            with urllib.request.urlopen(server.url + path, timeout=30) as response:
                if len(response.read()) != PAGE:
                    raise BenchmarkError(f"{name}: not the page")
            put_load(server.url + path, connections=_CONNECTIONS, seconds=1)
        runs: dict[str, list[Row]] = {name: [] for name, _, _ in cases}
        for _ in range(rounds):
            for name, server, path in cases:
                runs[name].append(_run(name, server, path, seconds))
        return [_medians(name, rows) for name, rows in runs.items()]


def _run(name: str, server: Server, path: str, seconds: int) -> Row:
    before = _cpu(server)
    load = put_load(server.url + path, connections=_CONNECTIONS, seconds=seconds)
    cpu_us = (_cpu(server) - before) * 1e6 / max(1, load.requests)
    alone = put_load(server.url + path, connections=1, seconds=seconds)
    return Row(name, load.requests / load.seconds, load.p50_us, cpu_us, alone.p50_us)


def _cpu(server: Server) -> float:
    return sum(usage(pid).cpu for pid in tree(server.pid))


def _medians(name: str, rows: list[Row]) -> Row:
    return Row(
        name,
        median(row.requests_per_second for row in rows),
        median(row.p50_us for row in rows),
        median(row.cpu_us for row in rows),
        median(row.alone_us for row in rows),
    )


if __name__ == "__main__":
    sys.exit(main())
