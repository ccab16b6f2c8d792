"""Many Workers on one node, each on a port of its own: the server of the reliability benchmarks.

`python -m benchmarks.fleet` is the server's process: it reads a Spec from its standard input,
writes the ports, and then a Status for each line it reads, until its input ends.
"""

from __future__ import annotations

import asyncio
import gc
import os
import resource
import socket
import sys
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import msgspec
import uvloop

from benchmarks.processes import tree, usage
from benchmarks.tools import FOLDER, BenchmarkError
from edgewright.build import WorkerBundle
from edgewright.config.limits import Limits
from edgewright.gateway.active import ActiveRequest
from edgewright.gateway.dispatch import Dispatcher
from edgewright.gateway.node import Node
from edgewright.gateway.server import serve

_START = 60.0
"""Seconds that all Workers together may take to start."""


class Member(msgspec.Struct, frozen=True):
    """A Worker of the fleet."""

    name: str
    file: str
    """In benchmarks/workers/."""
    eager: bool = True
    limits: dict[str, int] = {}


class Spec(msgspec.Struct, frozen=True):
    members: list[Member]
    memory_mb: int | None = None


class Status(msgspec.Struct, frozen=True):
    """What the gateway holds."""

    isolates: int
    hosts: int
    tasks: int
    """asyncio's."""
    descriptors: int
    requests: int
    """ActiveRequests that exist: in flight or leaked."""


class Fleet:
    """The server, seen from the benchmark. `ports` are by the Workers' names."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self.process = process
        self.ports: dict[str, int] = {}

    async def start(self, spec: Spec) -> None:
        self._write(msgspec.json.encode(spec))
        self.ports = msgspec.json.decode(await self._read(), type=dict[str, int])

    async def status(self) -> Status:
        self._write(b"status")
        return msgspec.json.decode(await self._read(), type=Status)

    @property
    def processes(self) -> list[int]:
        """The gateway's id, and those of its hosts."""
        return tree(self.process.pid)

    def memory_mb(self) -> tuple[float, float]:
        """PSS of the gateway and of all its hosts."""
        sizes: list[float] = []
        for pid in self.processes:
            try:
                sizes.append(usage(pid).proportional / 1e6)
            except (OSError, KeyError):  # it has just ended
                continue
        return sizes[0], sum(sizes[1:])

    def _write(self, line: bytes) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(line + b"\n")

    async def _read(self) -> bytes:
        assert self.process.stdout is not None
        line = await asyncio.wait_for(self.process.stdout.readline(), _START)
        if not line:
            raise BenchmarkError("The fleet ended; its error is above.")
        return line


@asynccontextmanager
async def running(spec: Spec) -> AsyncGenerator[Fleet]:
    """A fleet that serves. Its hosts' complaints are not shown: the abusers make many."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "benchmarks.fleet",
        cwd=FOLDER.parent,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL if not os.environ.get("BENCHMARK_ERRORS") else None,
        limit=1 << 20,
    )
    fleet = Fleet(process)
    try:
        await fleet.start(spec)
        yield fleet
    finally:
        assert process.stdin is not None
        process.stdin.close()
        await process.wait()


async def _serve() -> None:
    loop = asyncio.get_running_loop()
    lines = asyncio.StreamReader(limit=1 << 20)
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(lines), sys.stdin)
    spec = msgspec.json.decode(await lines.readline(), type=Spec)
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    # As `edgewright serve` does it: a CPU for the server, the others for the isolates' processes.
    cpus = sorted(os.sched_getaffinity(0))
    os.sched_setaffinity(0, cpus[:1])
    node = Node(standby=True, memory_mb=spec.memory_mb, host_cpus=cpus[1:] or cpus)
    listeners = {
        member.name: socket.create_server(("127.0.0.1", 0), backlog=1024) for member in spec.members
    }
    ports: dict[str, int] = {
        name: listener.getsockname()[1] for name, listener in listeners.items()
    }
    stop = asyncio.Event()
    try:
        await node.start()
        for member in spec.members:
            origin = f"http://127.0.0.1:{ports.get('origin', 0)}"
            await node.deploy(_bundle(member, {"ORIGIN": origin}), eager=member.eager)
        gc.freeze()
        gc.set_threshold(20_000)
        serving = [
            asyncio.create_task(serve(Dispatcher(node, name), listener, stop, drain=1.0))
            for name, listener in listeners.items()
        ]
        print(msgspec.json.encode(ports).decode(), flush=True)
        while await lines.readline():
            print(msgspec.json.encode(_status(node)).decode(), flush=True)
        stop.set()
        await asyncio.gather(*serving)
    finally:
        await node.close()


def _bundle(member: Member, variables: dict[str, Any]) -> WorkerBundle:
    main = "worker:/worker.js"
    source = (FOLDER / "workers" / member.file).read_text()
    limits = Limits.of(member.limits)
    return WorkerBundle(member.name, main, {main: source}, vars=variables, limits=limits)


def _status(node: Node) -> Status:
    gc.collect()
    hosts = node._hosts.hosts  # pyright: ignore[reportPrivateUsage]
    return Status(
        isolates=sum(host.isolates for host in hosts),
        hosts=len(hosts),
        tasks=len(asyncio.all_tasks()),
        descriptors=sum(1 for _ in Path("/proc/self/fd").iterdir()),
        requests=sum(type(each) is ActiveRequest for each in gc.get_objects()),
    )


if __name__ == "__main__":
    uvloop.run(_serve())
