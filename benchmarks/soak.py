"""Everything at once, for a while: `python -m benchmarks.soak --minutes 10`.

Clients that behave, that are slow, that leave in the middle, and Workers that are broken. At the
end: was every answer right that had to be, is anything left behind (isolates, processes,
descriptors, tasks, requests), and did the memory stay where it was? The exit code says it, too.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import statistics
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from benchmarks.client import Connection, Tally, leave, quantile
from benchmarks.fleet import Fleet, Member, Spec, Status, running

_MEMBERS = [
    Member("origin", "mixed.js"),
    Member("mixed", "mixed.js"),
    Member("broken", "abuser.js"),
]
_STREAM = 16 * 64 * 1024
_RIGHT = {"/": 12, "/fan": 2, "/stream": _STREAM, "/pass": _STREAM, "/slow": 4}
"""Length of the right answer."""
_BROKEN = ("/throw", "/hang", "/spin", "/allocate", "/reject", "/break", "/end")
_SETTLE = 60.0
"""Seconds within which everything has to be as before."""
_FLAT = 0.1
_FLAT_MB = {"gateway": 8.0, "hosts": 64.0}
"""By how much the memory may exceed that of the middle third, in the last one and when all is over.
V8 looks for ArrayBuffers that nobody needs when 64 MB of them have come."""
_HOST_MB = 64.0
"""What one more process takes, with an isolate that has had something to do."""
_BROKEN_OFF = 4
"""Answers that may be lost: those that had begun in the one process that the broken Worker shared
with others when it ended it. There is no way to begin them again."""
_UPLOAD = b"POST /echo HTTP/1.1\r\nHost: h\r\nContent-Length: 1000000\r\n\r\n" + b"a" * 1000


@dataclass
class _Soak:
    fleet: Fleet
    until: float
    good: Tally = field(default_factory=Tally)
    broken: Tally = field(default_factory=Tally)
    left: int = 0
    """How many clients have gone in the middle."""
    memory: list[tuple[float, float, float]] = field(
        default_factory=list[tuple[float, float, float]]
    )
    """Time, MB of the gateway, MB of the hosts."""

    async def run(self) -> None:
        mixed = self.fleet.ports["mixed"]
        get = b"GET %s HTTP/1.1\r\nHost: h\r\n\r\n"
        async with asyncio.TaskGroup() as group:
            for path, clients in (
                ("/", 4),
                ("/fan", 2),
                ("/stream", 2),
                ("/pass", 2),
                ("/slow", 4),
            ):
                for _ in range(clients):
                    group.create_task(self._behave(mixed, path))
            for path in _BROKEN:
                group.create_task(self._abuse(path))
            for leaves in (
                lambda: leave(mixed, get % b"/slow"),  # before the answer
                lambda: leave(mixed, get % b"/stream", read=1000),  # in the middle of it
                lambda: leave(mixed, get % b"/pass", read=100_000),
                lambda: leave(mixed, get % b"/stream", read=70_000, stay=3.0),  # slow, then gone
                lambda: leave(mixed, _UPLOAD, stay=0.2),  # in the middle of the question
                lambda: leave(mixed, b"GET / HT", stay=0.5),
                lambda: leave(mixed, b""),
            ):
                group.create_task(self._leave(leaves))
            group.create_task(self._watch())

    async def _behave(self, port: int, path: str) -> None:
        connection = Connection(port)
        while (start := time.monotonic()) < self.until:
            status, body = await connection.get(path)
            right = status != "200" or len(body) == _RIGHT[path]
            self.good.add(status if right else "wrong", time.monotonic() - start)
            await asyncio.sleep(0.05)
        connection.close()

    async def _abuse(self, path: str) -> None:
        pause = 10.0 if path == "/end" else 0.5
        connection = Connection(self.fleet.ports["broken"])
        while (start := time.monotonic()) < self.until:
            status, _ = await connection.get(path)
            self.broken.add(status, time.monotonic() - start)
            await asyncio.sleep(min(pause, max(0.0, self.until - time.monotonic())))
        connection.close()

    async def _leave(self, leaves: Callable[[], Awaitable[None]]) -> None:
        while time.monotonic() < self.until:
            await leaves()
            self.left += 1
            await asyncio.sleep(0.1)

    async def _watch(self) -> None:
        while time.monotonic() < self.until:
            self.memory.append((time.monotonic(), *self.fleet.memory_mb()))
            await asyncio.sleep(1.0)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.soak", description=__doc__)
    parser.add_argument("--minutes", type=float, default=10.0)
    raise SystemExit(asyncio.run(_measure(parser.parse_args().minutes)))


async def _measure(minutes: float) -> int:
    async with running(Spec(_MEMBERS)) as fleet:
        await _warm(fleet)
        before, processes = await fleet.status(), len(fleet.processes)
        at_rest = fleet.memory_mb()
        soak = _Soak(fleet, time.monotonic() + minutes * 60)
        await soak.run()
        problems = _answers(soak)
        problems += await _leaks(fleet, before, processes)
        problems += _growth(soak, at_rest, processes)
    for problem in problems:
        print(f"PROBLEM: {problem}")
    print("failed" if problems else "passed")
    return 1 if problems else 0


async def _warm(fleet: Fleet) -> None:
    """What is there for good, is there afterwards: connections to the origin, say."""
    for name in ("mixed", "broken"):
        connection = Connection(fleet.ports[name])
        for path in ("/", "/fan", "/pass"):
            await connection.get(path)
        connection.close()
    await asyncio.sleep(3.0)


def _answers(soak: _Soak) -> list[str]:
    good = soak.good
    print(
        f"answers: {good.count}, p50 {quantile(good.seconds, 0.5):.1f} ms, "
        f"p99 {quantile(good.seconds, 0.99):.1f} ms; {good.statuses}"
    )
    print(f"clients that left: {soak.left}; answers of the broken Worker: {soak.broken.statuses}")
    lost = good.statuses.get("lost", 0)
    failed = good.failed - min(lost, _BROKEN_OFF)
    return [f"{failed} requests that were in order failed"] if failed else []


async def _leaks(fleet: Fleet, before: Status, processes: int) -> list[str]:
    """What is still there that was not before, and does not go."""
    deadline = time.monotonic() + _SETTLE
    while True:
        after = await fleet.status()
        # The broken Worker may have a process of its own now, or none for a while; and the others
        # went to two when they lost theirs.
        hosts = max(0, after.hosts - before.hosts)
        isolates = after.isolates - before.isolates
        counts = {
            "isolates": isolates,
            "processes": len(fleet.processes) - processes - min(hosts, 2),
            "requests": after.requests - before.requests,
            # Of each host: its standard error, its control socket, its process; and its isolates.
            "file descriptors": after.descriptors - before.descriptors - 3 * hosts - isolates,
            "tasks": after.tasks - before.tasks - hosts,
        }
        leaks = {what: count for what, count in counts.items() if count > 0}
        if not leaks or time.monotonic() > deadline:
            break
        await asyncio.sleep(1.0)
    print(f"before: {before}")
    print(f"after:  {after}")
    return [f"{count} {what} are left" for what, count in leaks.items()]


def _growth(soak: _Soak, before: tuple[float, float], processes: int) -> list[str]:
    """The memory of the hosts goes up by a full heap, and down again, whenever the broken Worker
    fills one. A leak shows in what is there in between (the lowest tenth), and at the end."""
    problems: list[str] = []
    third = len(soak.memory) // 3
    at_rest = soak.fleet.memory_mb()
    more = len(soak.fleet.processes) - processes
    for index, what in enumerate(("gateway", "hosts")):
        sizes = [sample[1 + index] for sample in soak.memory]
        if third < 10:
            continue
        middle, last = (
            statistics.quantiles(part, n=10)[0] for part in (sizes[third:-third], sizes[-third:])
        )
        print(
            f"memory, {what}: {middle:.1f} MB, then {last:.1f} MB (at most {max(sizes):.1f} MB, "
            f"median {statistics.median(sizes):.1f} MB); at rest {before[index]:.1f} MB, then "
            f"{at_rest[index]:.1f} MB"
        )
        most = middle * (1 + _FLAT) + _FLAT_MB[what]
        if last > most:
            problems.append(f"the memory of the {what} grows")
        if at_rest[index] > most + (_HOST_MB * max(0, more) if what == "hosts" else 0.0):
            problems.append(f"the {what} keep memory")
    return problems


if __name__ == "__main__":
    with contextlib.suppress(KeyboardInterrupt):
        main()
