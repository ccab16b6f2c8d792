"""Nothing that is in the buffer is lost, whoever is killed: real gateways, killed by SIGKILL."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import httpx
import pytest
from receiver import Receiver

from tests.support.running import Command, eventually

Edgewright = Callable[..., Awaitable[Command]]

WORKER = """
export default {
  fetch(request) {
    console.log("hello");
    return new Response("ok");
  },
};
"""


@pytest.fixture
def worker(tmp_path: Path) -> Path:
    folder = tmp_path / "api"
    folder.mkdir()
    (folder / "index.js").write_text(WORKER)
    (folder / "wrangler.toml").write_text('name = "api"\nmain = "index.js"\nlogpush = true\n')
    return folder


@pytest.fixture
def job(tmp_path: Path, receiver: Receiver) -> Path:
    path = tmp_path / "jobs.toml"
    path.write_text(
        f'[[jobs]]\nname = "it"\ndestination_conf = "{receiver.url}/in"\n'
        "max_upload_interval_seconds = 0.2\n"
    )
    return path


def seldom(job: Path) -> None:
    """Nothing is sealed while the test runs."""
    job.write_text(job.read_text().replace("= 0.2", "= 300"))


def paths(lines: list[dict[str, Any]]) -> list[str]:
    return [line["Event"]["Request"]["URL"].rpartition("/")[2] for line in lines]


def buffered(state: Path) -> list[str]:
    """The paths of all requests that are in the buffer, in whole lines."""
    found: list[dict[str, Any]] = []
    for file in (state / "logpush" / "it").glob("*-*"):
        with contextlib.suppress(FileNotFoundError):  # it has just been given another name
            lines = file.read_bytes().splitlines(keepends=True)
            found += [json.loads(line) for line in lines if line.endswith(b"\n")]
    return paths(found)


async def ask(command: Command, count: int, first: int = 0) -> int:
    """How many were answered before the server was gone."""
    async with httpx.AsyncClient(timeout=60) as client:
        for number in range(first, first + count):
            try:
                await client.get(f"{command.url}/{number}")
            except httpx.HTTPError:
                return number - first
    return count


async def test_several_gateways_push_each_request_once(
    edgewright: Edgewright, worker: Path, job: Path, tmp_path: Path, receiver: Receiver
) -> None:
    options = ("--workers", "2", "--logpush", job, "--state", tmp_path / "state")
    command = await edgewright("serve", worker, *options)
    for first in range(0, 40, 10):  # a connection each, which both accept
        assert await ask(command, 10, first) == 10
    assert await eventually(lambda: len(receiver.lines) == 40)
    assert sorted(paths(receiver.lines), key=int) == [str(number) for number in range(40)]
    (logs,) = {json.dumps(line["Logs"][0]["Message"]) for line in receiver.lines}
    assert logs == '["hello"]'


async def test_all_that_was_written_survives_the_death_of_all_processes(
    edgewright: Edgewright, worker: Path, job: Path, tmp_path: Path, receiver: Receiver
) -> None:
    receiver.answers = [(503, {"Retry-After": "100"})] * 10_000  # nothing gets through
    state = tmp_path / "state"
    options = ("--workers", "2", "--logpush", job, "--state", state)
    command = await edgewright("serve", worker, *options)
    asking = [asyncio.create_task(ask(command, 10_000, n * 10_000)) for n in range(4)]
    assert await eventually(lambda: len(buffered(state)) > 100)
    for pid in command.family() | {command.process.pid}:
        os.kill(pid, signal.SIGKILL)
    await asyncio.gather(*asking)
    await command.process.wait()
    kept = set(buffered(state))
    assert len(kept) > 100
    receiver.answers.clear()
    await edgewright("serve", worker, *options)
    assert await eventually(lambda: kept <= set(paths(receiver.lines)))
    assert await eventually(lambda: buffered(state) == [])


async def test_a_gateway_that_is_killed_leaves_its_part_to_the_others(
    edgewright: Edgewright, worker: Path, job: Path, tmp_path: Path, receiver: Receiver
) -> None:
    seldom(job)
    state = tmp_path / "state"
    command = await edgewright("serve", worker, "--logpush", job, "--state", state)
    assert await ask(command, 5) == 5
    assert await eventually(lambda: len(buffered(state)) == 5)
    (segment,) = (state / "logpush" / "it").glob("*.open")
    os.kill(int(segment.name.split("-")[1]), signal.SIGKILL)
    assert await eventually(lambda: len(receiver.lines) == 5)


async def test_a_stop_pushes_what_is_left(
    edgewright: Edgewright, worker: Path, job: Path, tmp_path: Path, receiver: Receiver
) -> None:
    seldom(job)
    options = ("--logpush", job, "--state", tmp_path / "state")
    command = await edgewright("serve", worker, *options)
    assert await ask(command, 3) == 3
    command.process.send_signal(signal.SIGTERM)
    await command.process.wait()
    assert paths(receiver.lines) == ["0", "1", "2"]


async def test_a_destination_that_makes_no_sense_is_refused(worker: Path) -> None:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "edgewright", "serve", worker, "--logpush", "ftp://h/",
        stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    _, error = await process.communicate()
    assert process.returncode == 2
    assert b"not to ftp://h/" in error
