"""`edgewright tail`, beside a server that runs."""

from __future__ import annotations

import asyncio
import json
import shutil
import sys
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.support.running import PATIENCE, Command

WORKER = Path(__file__).parent / "traces" / "tailed.js"

Edgewright = Callable[..., Awaitable[Command]]
Tail = Callable[..., Awaitable["Tailing"]]


class Tailing:
    """A tail that is under way."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self.process = process

    async def event(self) -> dict[str, Any]:
        assert self.process.stdout is not None
        line = await asyncio.wait_for(self.process.stdout.readline(), PATIENCE)
        return json.loads(line)


@pytest.fixture(autouse=True)
def alone(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """No other server of this machine is seen. (A socket's path must be short.)"""
    folder = tempfile.mkdtemp(prefix="ew")
    monkeypatch.setenv("XDG_RUNTIME_DIR", folder)
    yield
    shutil.rmtree(folder)


@pytest.fixture
async def tail() -> AsyncIterator[Tail]:
    running: list[asyncio.subprocess.Process] = []

    async def tail(*arguments: str) -> Tailing:
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "edgewright", "tail", "--format", "json", *arguments,
            stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
        )  # fmt: skip
        running.append(process)
        assert process.stderr is not None
        assert b"Tailing" in await asyncio.wait_for(process.stderr.readline(), PATIENCE)
        return Tailing(process)

    yield tail
    for process in running:
        if process.returncode is None:
            process.kill()
        await process.wait()


async def ask(command: Command, path: str, **options: Any) -> None:
    async with httpx.AsyncClient(timeout=60) as client:
        await client.get(f"{command.url}{path}", **options)


async def test_an_event_in_the_platforms_format(edgewright: Edgewright, tail: Tail) -> None:
    command = await edgewright("serve", WORKER)
    tailing = await tail()
    await ask(command, "/teapot?a=1", headers={"authorization": "Bearer x", "x-mine": "yes"})
    event = await tailing.event()
    assert event["scriptName"] == "tailed"
    assert event["outcome"] == "ok"
    assert event["event"]["response"] == {"status": 418}
    request = event["event"]["request"]
    assert (request["method"], request["url"]) == ("GET", f"{command.url}/teapot?a=1")
    assert request["headers"]["x-mine"] == "yes"
    assert request["headers"]["authorization"] == "REDACTED"
    (log,) = event["logs"]
    assert log["level"] == "log"
    assert "/teapot" in log["message"][0]
    assert event["exceptions"] == []
    assert event["eventTimestamp"] <= log["timestamp"]


async def test_exceptions_and_a_filter_for_them(edgewright: Edgewright, tail: Tail) -> None:
    command = await edgewright("serve", WORKER)
    tailing = await tail("tailed", "--status", "error")
    await ask(command, "/fine")
    await ask(command, "/throws")
    event = await tailing.event()
    assert event["outcome"] == "exception"
    (error,) = event["exceptions"]
    assert (error["name"], error["message"]) == ("RangeError", "out of it")


async def test_filters_hold_together(edgewright: Edgewright, tail: Tail) -> None:
    command = await edgewright("serve", WORKER)
    tailing = await tail("--header", "x-mine: yes", "--search", "/b", "--method", "get")
    await ask(command, "/b")
    await ask(command, "/a", headers={"x-mine": "yes"})
    await ask(command, "/b?it", headers={"x-mine": "yes"})
    event = await tailing.event()
    assert event["event"]["request"]["url"].endswith("/b?it")


async def test_nothing_to_tail_says_so() -> None:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "edgewright", "tail", stderr=asyncio.subprocess.PIPE
    )
    _, error = await process.communicate()
    assert process.returncode == 1
    assert b"nothing serves Workers here" in error
