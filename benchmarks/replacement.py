"""How soon a process that dies is replaced: `python -m benchmarks.replacement`.

Time from the death of a process, while a Worker in it spins, until a request to its neighbour that
comes at that very moment is answered by the process that stands by.
"""

from __future__ import annotations

import argparse
import asyncio
import time

from benchmarks.client import quantile
from benchmarks.tools import FOLDER
from edgewright.build import WorkerBundle
from edgewright.config.limits import Limits
from edgewright.gateway.node import Node
from edgewright.messages import Request

_PAUSE = 1.0
"""Seconds in which the next process gets ready to stand by."""


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.replacement", description=__doc__)
    parser.add_argument("--deaths", type=int, default=20)
    times = asyncio.run(_measure(parser.parse_args().deaths))
    print(
        f"{len(times)} deaths: answered after p50 {quantile(times, 0.5):.1f} ms, "
        f"worst {max(times) * 1000:.1f} ms"
    )


async def _measure(deaths: int) -> list[float]:
    node = Node(standby=True)
    await node.deploy(_bundle("neighbour", "neighbour.js"))
    times: list[float] = []
    for number in range(deaths):
        # Another one each time: whoever has ended a process gets one of its own.
        culprit = f"culprit{number}"
        await node.deploy(_bundle(culprit, "abuser.js"))
        await _ask(node, "neighbour", "/")
        spinning = asyncio.create_task(_ask(node, culprit, "/spin", "POST"))
        await asyncio.sleep(_PAUSE)
        shared = [host for host in node._hosts.hosts if host.isolates > 1]  # pyright: ignore[reportPrivateUsage]
        began = time.perf_counter()
        shared[0].process.kill()
        await _ask(node, "neighbour", "/")
        times.append(time.perf_counter() - began)
        await asyncio.gather(spinning, return_exceptions=True)
    await node.close()
    return times


def _bundle(name: str, file: str) -> WorkerBundle:
    source = (FOLDER / "workers" / file).read_text()
    limits = Limits(cpu_ms=60_000)
    return WorkerBundle(name, "worker:/index.js", {"worker:/index.js": source}, limits=limits)


async def _ask(node: Node, name: str, path: str, method: str = "GET") -> None:
    active = await node.begin(name, Request(method, f"http://h{path}", []))
    (await active.head.wait()).discard()


if __name__ == "__main__":
    main()
