"""1,000 Workers on one node: `python -m benchmarks.crowd`.

All are loaded by their first requests, within a bound on memory that is too small for them, so that
the ones that were used longest ago are evicted. Then some are asked again: what does it cost to be
woken, beside being there still?
"""

from __future__ import annotations

import argparse
import asyncio
import time

from benchmarks.client import Connection, quantile
from benchmarks.fleet import Fleet, Member, Spec, running
from benchmarks.tools import BenchmarkError

_SAMPLE = 100
_PAUSE = 0.05
"""Seconds between two requests, in which a spare isolate gets ready."""


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.crowd", description=__doc__)
    parser.add_argument("--workers", type=int, default=1000)
    parser.add_argument("--memory", type=int, default=2048, help="MB for all isolates")
    arguments = parser.parse_args()
    asyncio.run(_measure(arguments.workers, arguments.memory))


async def _measure(workers: int, memory_mb: int) -> None:
    members = [Member(f"w{number}", "neighbour.js", eager=False) for number in range(workers)]
    async with running(Spec(members, memory_mb)) as fleet:
        await asyncio.sleep(2.0)
        gateway, hosts = fleet.memory_mb()
        print(
            f"{workers} Workers deployed, none loaded: gateway {gateway:.0f} MB, hosts {hosts:.0f}"
        )
        first = [await _ask(fleet, f"w{number}") for number in range(workers)]
        _line("first requests, back to back", first)
        await asyncio.sleep(3.0)
        status = await fleet.status()
        gateway, hosts = fleet.memory_mb()
        print(
            f"then {status.isolates} are loaded, in {status.hosts} processes: gateway "
            f"{gateway:.0f} MB, hosts {hosts:.0f} MB (PSS; bound {memory_mb} MB)"
        )
        sample = min(_SAMPLE, workers // 4)
        warm = [await _ask(fleet, f"w{workers - 1 - n}", _PAUSE) for n in range(sample)]
        _line("of those that are there", warm)
        woken = [await _ask(fleet, f"w{number}", _PAUSE) for number in range(sample)]
        evicted = status.isolates <= workers - sample
        _line("of those that were evicted" if evicted else "of old ones (none evicted)", woken)


async def _ask(fleet: Fleet, name: str, pause: float = 0.0) -> float:
    await asyncio.sleep(pause)
    connection = Connection(fleet.ports[name])
    start = time.monotonic()
    status, _ = await connection.get("/")
    taken = time.monotonic() - start
    connection.close()
    if status != "200":
        raise BenchmarkError(f"{name} answered with {status}.")
    return taken


def _line(what: str, seconds: list[float]) -> None:
    p50, p99 = quantile(seconds, 0.5), quantile(seconds, 0.99)
    print(f"{what:30} {len(seconds):5} p50 {p50:7.1f} ms  p99 {p99:7.1f} ms", flush=True)


if __name__ == "__main__":
    main()
