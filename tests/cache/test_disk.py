"""The folder that the gateways of a node share."""

from __future__ import annotations

import asyncio
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from stored import LARGE, ROOM, body, record

from edgewright.cache.disk import DiskStore
from edgewright.cache.record import Purge
from edgewright.cache.store import StoreError
from edgewright.cache.tiered import TieredStore


async def test_two_processes_agree(tmp_path: Path) -> None:
    here, there = (TieredStore(DiskStore(tmp_path, ROOM), ROOM) for _ in range(2))
    first = record()
    await here.put(first, b"first")
    assert await there.find(first.key) == [first]
    assert await body(there, first) == b"first"
    second = record()
    await there.put(second, b"again")
    assert await here.find(first.key) == [second]
    assert await body(here, second) == b"again"
    assert not await here.claim("k", 60) or not await there.claim("k", 60)
    await here.purge(Purge(partition="w", everything=True))
    assert await there.find(first.key) == []
    await here.close()
    await there.close()


async def test_it_outlives_its_process(tmp_path: Path) -> None:
    small, large = record(), record("http://a.test/large", size=len(LARGE))
    store = DiskStore(tmp_path, ROOM)
    await store.put(small, b"hello")
    await store.put(large, LARGE)
    await store.close()
    store = DiskStore(tmp_path, ROOM)
    assert await body(store, small) == b"hello"
    assert await body(store, large) == LARGE
    await store.close()


SUPPORT = Path(__file__).parents[1] / "support"

WRITER = """
import asyncio, sys
from pathlib import Path
sys.path.insert(0, sys.argv[2])
import pytest
from stored import LARGE, ROOM, record
from edgewright.cache.disk import DiskStore

async def main():
    store = DiskStore(Path(sys.argv[1]), ROOM)
    number = 0
    while True:
        number = (number + 1) % 7
        body = bytes([number]) * (len(LARGE) if number % 2 else 100)
        one = record(f"http://a.test/{number}", size=len(body))
        await store.put(one, body)
        print(number, flush=True)

asyncio.run(main())
"""


def write_until_killed(folder: Path) -> None:
    command = [sys.executable, "-c", WRITER, str(folder), str(SUPPORT)]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        for _ in range(20):
            assert process.stdout.readline()
        process.send_signal(signal.SIGKILL)


async def test_what_a_killed_process_leaves_is_whole(tmp_path: Path) -> None:
    for _ in range(3):
        await asyncio.to_thread(write_until_killed, tmp_path)
        store = DiskStore(tmp_path, ROOM)
        found = await store.list(None)
        assert len(found) == 7
        for one in found:
            content = await body(store, one)
            assert content == bytes([int(one.url[-1])]) * one.size
        await store.close()


async def test_a_body_that_is_not_whole_is_not_served(tmp_path: Path) -> None:
    store = DiskStore(tmp_path, ROOM)
    large = record(size=len(LARGE))
    await store.put(large, LARGE)
    [file] = (tmp_path / "bodies").glob("*/*")
    file.write_bytes(LARGE[:1000])
    assert await store.open(large) is None
    file.unlink()
    assert await store.open(large) is None
    await store.close()


async def test_a_folder_that_can_not_be_used_is_a_store_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    store = DiskStore(tmp_path / "file", ROOM)
    one = record()
    with pytest.raises(StoreError):
        await store.find(one.key)
    with pytest.raises(StoreError):
        await store.put(one, b"hello")
    with pytest.raises(StoreError):
        await store.begin()
    await store.close()


async def test_nothing_is_made_before_something_is_looked_for(tmp_path: Path) -> None:
    store = DiskStore(tmp_path / "cache", ROOM)
    await store.close()
    assert not (tmp_path / "cache").exists()
