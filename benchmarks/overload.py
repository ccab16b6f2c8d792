"""One Worker is flooded, another is not: `python -m benchmarks.overload`.

Each request to the flooded one is some 20 ms of work, and it gets far more of them than a CPU can
do. What is told: how quickly those are refused that are too many, and what is left for its
neighbour.
"""

from __future__ import annotations

import argparse
import asyncio
import time

from benchmarks.client import Tally, closed_loop, quantile, steady
from benchmarks.fleet import Fleet, Member, Spec, running

_EVERY = 0.02
"""Seconds between two requests to the neighbour."""
_FLOOD = 128
"""Connections, each of which asks again 0.2 s after its answer."""


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.overload", description=__doc__)
    parser.add_argument("--seconds", type=float, default=15.0, help="of each run")
    raise SystemExit(asyncio.run(_measure(parser.parse_args().seconds)))


async def _measure(seconds: float) -> int:
    members = [
        Member("flooded", "neighbour.js", limits={"queue_ms": 500, "cpu_ms": 500}),
        Member("neighbour", "neighbour.js"),
    ]
    async with running(Spec(members)) as fleet:
        await _neighbour(fleet, 1.0)
        quiet = await _neighbour(fleet, seconds)
        flood = Tally()
        until = time.monotonic() + seconds
        port = fleet.ports["flooded"]
        flooding = asyncio.gather(
            *(closed_loop(port, "/work", flood, until=until, pause=0.2) for _ in range(_FLOOD))
        )
        beside = await _neighbour(fleet, seconds)
        await flooding
    print(f"{'':22} {'answered':>9} {'refused':>8} {'lost':>5} {'p50 ms':>8} {'p99 ms':>8}")
    for what, tally in (("neighbour alone", quiet), ("neighbour beside it", beside)):
        _line(what, tally, tally.seconds)
    _line("flooded: answers", flood, flood.seconds)
    _line("flooded: 503s", flood, flood.shed)
    return 1 if quiet.failed or beside.failed or not flood.shed else 0


def _line(what: str, tally: Tally, seconds: list[float]) -> None:
    answered, refused = len(tally.seconds), len(tally.shed)
    lost = tally.count - answered - refused
    p50, p99 = quantile(seconds, 0.5), quantile(seconds, 0.99)
    print(f"{what:22} {answered:9} {refused:8} {lost:5} {p50:8.1f} {p99:8.1f}")


async def _neighbour(fleet: Fleet, seconds: float) -> Tally:
    tally = Tally()
    until = time.monotonic() + seconds
    await steady(fleet.ports["neighbour"], "/", tally, every=_EVERY, until=until)
    return tally


if __name__ == "__main__":
    main()
