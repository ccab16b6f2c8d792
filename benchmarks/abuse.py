"""One abusive Worker among 20 on one node: `python -m benchmarks.abuse`.

Nineteen neighbours are asked at a steady rate, without the abuser and then beside it, while it
spins, fills its memory and ends its process. What is told: which share of the neighbours' requests
fails, and what their latency does.
"""

from __future__ import annotations

import argparse
import asyncio
import time

from benchmarks.client import Tally, closed_loop, quantile, steady
from benchmarks.fleet import Fleet, Member, Spec, running

NEIGHBOURS = 19
_EVERY = 0.1
"""Seconds between two requests to a neighbour."""
_ABUSES = ("/spin", "/allocate", "/end")


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.abuse", description=__doc__)
    parser.add_argument("--seconds", type=float, default=15.0, help="of each run")
    seconds = parser.parse_args().seconds
    raise SystemExit(asyncio.run(_measure(seconds)))


async def _measure(seconds: float) -> int:
    names = [f"n{number}" for number in range(NEIGHBOURS)]
    members = [Member(name, "neighbour.js") for name in names]
    failed = 0
    print(f"{NEIGHBOURS} neighbours, {NEIGHBOURS / _EVERY:.0f} requests a second, {seconds:.0f} s")
    print(f"{'abuse':12} {'requests':>9} {'failed':>7} {'p50 ms':>8} {'p99 ms':>8} {'worst':>8}")
    async with running(Spec([*members, Member("abuser", "abuser.js")])) as fleet:
        await _neighbours(fleet, names, 1.0)
        for abuses in ((), *((abuse,) for abuse in _ABUSES), _ABUSES):
            tally, abuser = await _run(fleet, names, abuses, seconds)
            failed += tally.failed
            what = " ".join(abuses) if len(abuses) < 2 else "all"
            print(
                f"{what or 'none':12} {tally.count:9} {tally.failed:7} "
                f"{quantile(tally.seconds, 0.5):8.1f} {quantile(tally.seconds, 0.99):8.1f} "
                f"{max(tally.seconds, default=0) * 1000:8.1f}  "
                f"{_described(abuser) if abuses else ''}",
                flush=True,
            )
    return 1 if failed else 0


def _described(tally: Tally) -> str:
    statuses = ", ".join(
        f"{count} times {status}" for status, count in sorted(tally.statuses.items())
    )
    return f"the abuser got {statuses}"


async def _run(
    fleet: Fleet, names: list[str], abuses: tuple[str, ...], seconds: float
) -> tuple[Tally, Tally]:
    abuser = Tally()
    until = time.monotonic() + seconds
    port = fleet.ports["abuser"]
    attacks = asyncio.gather(
        *(closed_loop(port, path, abuser, until=until, pause=0.05) for path in abuses)
    )
    tally = await _neighbours(fleet, names, seconds)
    await attacks
    return tally, abuser


async def _neighbours(fleet: Fleet, names: list[str], seconds: float) -> Tally:
    tally = Tally()
    start = time.monotonic()

    async def one(number: int, name: str) -> None:
        await asyncio.sleep(number * _EVERY / len(names))  # not all at once
        await steady(fleet.ports[name], "/", tally, every=_EVERY, until=start + seconds, most=16)

    await asyncio.gather(*(one(number, name) for number, name in enumerate(names)))
    return tally


if __name__ == "__main__":
    main()
