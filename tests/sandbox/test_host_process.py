"""A real isolate host, seen from outside."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from running import eventually

from edgewright.gateway.hosts import ISOLATES_PER_HOST, HostPool

ROOT = pytest.mark.skipif(os.geteuid() != 0, reason="only root may look into a host")


@pytest.fixture
async def host() -> AsyncIterator[Path]:
    """The host's folder in /proc."""
    pool = HostPool("require")
    yield Path(f"/proc/{(await pool.warm()).process.pid}")
    await pool.close()


def status(thread: Path) -> dict[str, str]:
    lines = (thread / "status").read_text().splitlines()
    return {name: value.strip() for name, _, value in (line.partition(":") for line in lines)}


async def test_all_its_threads_are_in_the_cage(host: Path) -> None:
    threads = list((host / "task").iterdir())
    assert len(threads) > 3
    for thread in threads:
        seen = status(thread)
        assert (seen["Seccomp"], seen["NoNewPrivs"]) == ("2", "1"), seen["Name"]
        assert {seen[f"Cap{which}"] for which in ("Inh", "Prm", "Eff", "Amb")} == {"0" * 16}
        assert "0" not in seen["Uid"].split() + seen["Gid"].split()
        assert seen["Groups"] == "" or os.geteuid() != 0


@ROOT
async def test_it_has_no_environment_of_the_operators(
    host: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = [line.partition(b"=")[0] for line in (host / "environ").read_bytes().split(b"\0")]
    assert sorted(names) == [b"", b"MALLOC_ARENA_MAX", b"TZ"]


@ROOT
async def test_it_sees_no_files_and_no_network(host: Path) -> None:
    assert os.listdir(host / "root") == ["dev"]
    assert os.listdir(host / "root/dev") == ["urandom"]
    assert [line.split()[0] for line in (host / "net/dev").read_text().splitlines()[2:]] == ["lo:"]


@ROOT
async def test_it_holds_no_file_and_no_terminal(host: Path) -> None:
    targets = {os.readlink(fd) for fd in (host / "fd").iterdir()}
    kinds = {target.partition(":")[0] for target in targets}
    assert kinds <= {"socket", "pipe", "anon_inode", "/dev/null"}


_PARENT = '''
import subprocess, sys, time
caged = """
import time
from edgewright.isolate.sandbox import close_cage
close_cage(1 << 30)
print("closed", flush=True)
time.sleep(60)
"""
child = subprocess.Popen([sys.executable, "-c", caged], stdout=subprocess.PIPE)
child.stdout.readline()
print(child.pid, flush=True)
time.sleep(60)
'''


async def test_it_does_not_outlive_its_parent() -> None:
    parent = await asyncio.create_subprocess_exec(
        sys.executable, "-c", _PARENT, stdout=asyncio.subprocess.PIPE
    )
    assert parent.stdout is not None
    child = int(await parent.stdout.readline())
    parent.send_signal(signal.SIGKILL)
    await parent.wait()
    assert await eventually(lambda: not _runs(child))


def _runs(pid: int) -> bool:
    try:
        return status(Path(f"/proc/{pid}"))["State"][0] not in "ZX"
    except (FileNotFoundError, ProcessLookupError):
        return False


async def test_its_memory_is_enough_for_all_its_isolates() -> None:
    pool = HostPool("require")
    isolates = [await pool.open_isolate() for _ in range(ISOLATES_PER_HOST)]
    hosts = {host.process.pid for host, _ in isolates}
    assert len(hosts) == 1
    threads = Path(f"/proc/{hosts.pop()}/task")
    assert await eventually(lambda: len(list(threads.iterdir())) > 3 * ISOLATES_PER_HOST)
    assert all(host.alive for host, _ in isolates)
    for _, connection in isolates:
        connection.close()
    await pool.close()
