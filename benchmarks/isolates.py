"""What an isolate costs: `python -m benchmarks.isolates` prints an IsolateResult.

A process of its own, pinned to one CPU as `edgewright serve` pins a gateway and its hosts.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import statistics
import subprocess
import sys
import time
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

import msgspec
import platformdirs

from benchmarks.processes import role, tree, usage
from benchmarks.results import IsolateResult, Spread
from benchmarks.tools import FOLDER, BenchmarkError
from edgewright.build import WorkerBundle
from edgewright.gateway.node import Node
from edgewright.isolate.engine import Isolate
from edgewright.isolate.host import HEAP_BYTES, START_TIMEOUT
from edgewright.isolate.snapshot import load_snapshot
from edgewright.messages import Request

IDLE = 40
"""Fewer than a host takes, so that one process holds them all."""

_SETTLE = 1.0
"""Seconds in which spare isolates get ready and V8 tidies up."""

_IDLE_AFTER = 7.0
"""Seconds after which an isolate is idle: it has looked for garbage once."""

_PAUSE = 0.1
"""Seconds between first requests: a spare isolate is ready again."""


def measure(workers: int) -> IsolateResult:
    """In a new process, which ends with all that it started."""
    command = [sys.executable, "-m", "benchmarks.isolates", "--workers", str(workers)]
    result = subprocess.run(
        command, cwd=FOLDER.parent, stdout=subprocess.PIPE, timeout=60 + workers
    )
    if result.returncode:
        raise BenchmarkError("The isolates could not be measured; the error is above.")
    return msgspec.json.decode(result.stdout, type=IsolateResult)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--workers", type=int, required=True)
    arguments = parser.parse_args()
    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    result = asyncio.run(_measure(arguments.workers))
    print(msgspec.json.encode(result).decode())


async def _measure(workers: int) -> IsolateResult:
    snapshot = load_snapshot(Path(platformdirs.user_cache_dir("edgewright")))
    paced = await _first_requests(workers, _PAUSE)
    burst = await _first_requests(workers, 0.0)
    return IsolateResult(
        snapshot_mb=round(len(snapshot) / 1e6, 2),
        start_ms=Spread.of(_start_ms(snapshot) for _ in range(20)),
        idle_isolates=IDLE,
        idle_pss_mb=round(await _idle_pss_mb(), 2),
        workers=workers,
        first_request_p50_ms=round(statistics.median(paced), 2),
        first_request_p99_ms=round(_p99(paced), 2),
        burst_first_request_p50_ms=round(statistics.median(burst), 2),
        burst_first_request_p99_ms=round(_p99(burst), 2),
    )


def _start_ms(snapshot: bytes) -> float:
    start = time.perf_counter()
    isolate = Isolate(
        snapshot, heap_bytes=HEAP_BYTES, buffer_bytes=HEAP_BYTES, start_timeout=START_TIMEOUT
    )
    taken = time.perf_counter() - start
    isolate.close()
    return taken * 1000


async def _idle_pss_mb() -> float:
    async with _node() as node:
        await asyncio.sleep(_SETTLE)  # The spares are started one after the other.
        before = _hosts_pss()
        for number in range(IDLE):
            await node.deploy(_bundle(number))
        await asyncio.sleep(_IDLE_AFTER)
        return (_hosts_pss() - before) / IDLE / 1e6


def _hosts_pss() -> int:
    pids = tree(os.getpid())
    return sum(usage(pid).proportional for pid in pids if role(pid) == "isolate host")


async def _first_requests(workers: int, pause: float) -> list[float]:
    """Milliseconds of the first request to each Worker."""
    taken: list[float] = []
    async with _node() as node:
        for number in range(workers):
            await node.deploy(_bundle(number), eager=False)
        for number in range(workers):
            await asyncio.sleep(pause)
            start = time.perf_counter()
            active = await node.begin(f"w{number}", Request("GET", "http://example.com/", []))
            response = await active.head.wait()
            taken.append((time.perf_counter() - start) * 1000)
            if response.status != 200:
                raise BenchmarkError(f"A first request was answered with {response.status}.")
    return taken


@asynccontextmanager
async def _node() -> AsyncGenerator[Node]:
    """A running node whose spare isolates are ready."""
    node = Node()
    try:
        await node.start()
        await asyncio.sleep(_SETTLE)
        yield node
    finally:
        await node.close()


def _bundle(number: int) -> WorkerBundle:
    source = f'export default {{ fetch() {{ return new Response("Hello from {number}"); }} }};'
    return WorkerBundle(f"w{number}", "worker:/worker.js", {"worker:/worker.js": source})


def _p99(values: list[float]) -> float:
    return sorted(values)[int(len(values) * 0.99)]


if __name__ == "__main__":
    main()
