"""Fixtures that run Workers: by the Python API, by a real server, or by the command."""

from __future__ import annotations

import asyncio
import contextlib
import os
import re
import signal
import socket
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import pytest
from upstream import Upstream

from edgewright import Recorder, Response, Worker
from edgewright.gateway.asgi import ASGIApp
from edgewright.gateway.server import serve_asgi

PATIENCE = 20.0


@dataclass
class Running:
    """A Worker that runs in this process, and what was observed of it."""

    worker: Worker
    observed: Recorder

    async def fetch(self, path: str = "/", **options: Any) -> Response:
        return await self.worker.fetch(f"http://worker.test{path}", **options)

    async def text(self, path: str = "/", **options: Any) -> str:
        return await (await self.fetch(path, **options)).text()

    async def json(self, path: str = "/", **options: Any) -> Any:
        return await (await self.fetch(path, **options)).json()

    @property
    def logged(self) -> list[str]:
        return [line.message for line in self.observed.lines]


class Run(Protocol):
    """Starts a Worker: `await run(HERE / "bodies.js", env={…})`; the test's end ends it."""

    def __call__(self, path: Path, **options: Any) -> Awaitable[Running]: ...


class Serve(Protocol):
    """Serves an ASGI app over HTTP and gives its URL; the test's end ends it."""

    def __call__(self, app: ASGIApp) -> Awaitable[str]: ...


@pytest.fixture
async def run() -> AsyncIterator[Run]:
    async with contextlib.AsyncExitStack() as stack:

        async def run(path: Path, **options: Any) -> Running:
            observed = Recorder()
            worker = Worker(path, observer=observed, **options)
            return Running(await stack.enter_async_context(worker), observed)

        yield run


@pytest.fixture
async def http() -> AsyncIterator[Serve]:
    async with contextlib.AsyncExitStack() as stack:

        async def http(app: ASGIApp) -> str:
            return await stack.enter_async_context(served(app))

        yield http


@contextlib.asynccontextmanager
async def served(app: ASGIApp) -> AsyncIterator[str]:
    listener = socket.create_server(("127.0.0.1", 0), backlog=1024)
    port: int = listener.getsockname()[1]
    stop = asyncio.Event()
    task = asyncio.create_task(serve_asgi(app, listener, stop, drain=0.2))
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        stop.set()
        await task


@dataclass
class Origin:
    """The upstream: where it is, and what it has seen."""

    url: str
    app: Upstream


@pytest.fixture
async def upstream(http: Serve) -> Origin:
    app = Upstream()
    return Origin(await http(app), app)


@dataclass
class Command:
    """A running `edgewright` command."""

    process: asyncio.subprocess.Process
    url: str

    def family(self) -> set[int]:
        """All processes below it."""
        return below(self.process.pid)

    def memory(self) -> int:
        """Resident bytes of all processes below it."""
        return sum(_resident(pid) for pid in self.family())

    async def settled(self) -> int:
        """The same, once the gateway, its host and the one on standby have started."""
        before = -1
        while len(self.family()) < 3 or abs(self.memory() - before) > 500_000:
            before = self.memory()
            await asyncio.sleep(0.3)
        return before


@pytest.fixture
async def edgewright() -> AsyncIterator[Callable[..., Awaitable[Command]]]:
    """Runs the command: `await edgewright("serve", path)`."""
    running: list[Command] = []

    async def edgewright(*arguments: str | Path) -> Command:
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "edgewright",
            *map(str, arguments),
            "--port",
            "0",
            stdout=asyncio.subprocess.PIPE,
        )
        assert process.stdout is not None
        line = (await asyncio.wait_for(process.stdout.readline(), PATIENCE)).decode()
        found = re.search(r"https?://\S+", line)
        assert found, line
        running.append(Command(process, found[0]))
        return running[-1]

    yield edgewright
    for each in running:
        family = each.family()
        with contextlib.suppress(ProcessLookupError):
            each.process.send_signal(signal.SIGINT)
            each.process.send_signal(signal.SIGINT)
        await each.process.wait()
        assert await eventually(lambda f=family: not any(_alive(pid) for pid in f))


async def eventually(condition: Callable[[], bool], patience: float = PATIENCE) -> bool:
    """Whether the condition comes true before patience ends."""
    end = time.monotonic() + patience
    while not condition():
        if time.monotonic() > end:
            return False
        await asyncio.sleep(0.02)
    return True


def _alive(pid: int) -> bool:
    return _stat(pid)[:1] not in ([], ["Z"], ["X"])


def _stat(pid: int) -> list[str]:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return []


def open_files(pid: int) -> int:
    """How many descriptors a process has open."""
    return len(list(Path(f"/proc/{pid}/fd").iterdir()))


def below(pid: int) -> set[int]:
    """All descendants of a process that have not ended."""
    parents = {
        int(entry.name): _stat(int(entry.name))[1:2]
        for entry in Path("/proc").iterdir()
        if entry.name.isdigit()
    }
    found: set[int] = set()
    todo = [pid]
    while todo:
        parent = [str(todo.pop())]
        children = [child for child, of in parents.items() if of == parent]
        found.update(children)
        todo += children
    return found


def _resident(pid: int) -> int:
    try:
        pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    except (FileNotFoundError, ProcessLookupError):
        return 0
    return pages * os.sysconf("SC_PAGE_SIZE")
