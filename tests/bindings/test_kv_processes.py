"""Several processes and one state: nothing is lost, torn or seen too late, whoever is killed."""

from __future__ import annotations

import asyncio
import signal
import sys
from pathlib import Path

from edgewright.bindings.kv.cache import ReadCache
from edgewright.bindings.kv.sqlite import SqliteStore
from edgewright.bindings.kv.store import Entry

_WRITER = """
import asyncio, sys
from pathlib import Path
from edgewright.bindings.kv.sqlite import SqliteStore
from edgewright.bindings.kv.store import Entry

async def write(name):
    store = SqliteStore(Path(sys.argv[1]))
    n = 0
    while True:
        # Two keys of one put: both or none.
        entry = Entry(str(n).encode() * 1000)
        await store.put("n", {f"{name}-a-{n}": entry, f"{name}-b-{n}": entry})
        await store.put("n", {"shared": Entry(f"{name} {n}".encode())})
        print(n, flush=True)
        n += 1

asyncio.run(write(sys.argv[2]))
"""


async def _start(folder: Path, name: str) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        sys.executable, "-c", _WRITER, str(folder), name, stdout=asyncio.subprocess.PIPE
    )


async def _acknowledged(process: asyncio.subprocess.Process, at_least: int) -> int:
    """The last write that the process was told of; it is killed then, in the middle of another."""
    assert process.stdout is not None
    last = -1
    while last < at_least:
        last = int(await asyncio.wait_for(process.stdout.readline(), 30))
    process.send_signal(signal.SIGKILL)
    rest = await process.stdout.read()
    await process.wait()
    return max([last, *map(int, rest.split()[: rest.count(b"\n")])])


async def test_what_was_acknowledged_survives_a_kill(tmp_path: Path) -> None:
    processes = [await _start(tmp_path, name) for name in ("one", "two")]
    last = await asyncio.gather(*(_acknowledged(process, 30) for process in processes))
    store = SqliteStore(tmp_path)
    try:
        for name, n in zip(("one", "two"), last, strict=True):
            keys = [f"{name}-{part}-{i}" for i in range(n + 3) for part in "ab"]
            entries = await store.get("n", keys)
            for i in range(n + 3):
                a, b = entries[2 * i : 2 * i + 2]
                assert a == b
                assert a == Entry(str(i).encode() * 1000) or (a is None and i > n)
    finally:
        await store.close()


async def test_a_cache_hears_of_another_process_s_write(tmp_path: Path) -> None:
    store = SqliteStore(tmp_path)
    cache = ReadCache(store)
    process = await _start(tmp_path, "w")
    assert process.stdout is not None
    try:
        for _ in range(20):
            version = store.version("n", "shared")
            (entry,) = await store.get("n", ["shared"])
            cache.remember("n", "shared", entry, version)
            n = int(await asyncio.wait_for(process.stdout.readline(), 30))
            known = cache.get("n", "shared", 60)
            if known is not None:
                assert known[0] is not None
                assert int(known[0].value.split()[1]) >= n
    finally:
        process.kill()
        await process.wait()
        await store.close()


async def test_a_write_goes_on_when_nobody_waits_any_more(tmp_path: Path) -> None:
    store = SqliteStore(tmp_path)
    cache = ReadCache(store)
    cache.remember("n", "k", None, store.version("n", "k"))
    writing = asyncio.create_task(store.put("n", {"k": Entry(b"v")}))
    await asyncio.sleep(0)
    writing.cancel()
    await store.put("n", {"behind it": Entry(b"v")})
    try:
        assert await store.get("n", ["k"]) == [Entry(b"v")]
        assert cache.get("n", "k", 60) is None
    finally:
        await store.close()


async def test_what_is_kept_is_for_its_owner_alone(tmp_path: Path) -> None:
    store = SqliteStore(tmp_path / "state")
    await store.put("n", {"k": Entry(b"v")})
    modes = {file.name: file.stat().st_mode & 0o777 for file in (tmp_path / "state").iterdir()}
    await store.close()
    assert modes == dict.fromkeys(
        ["kv.sqlite", "kv.sqlite-shm", "kv.sqlite-wal", "kv.stamps"], 0o600
    )


async def test_what_has_expired_is_removed_from_the_file(tmp_path: Path) -> None:
    store = SqliteStore(tmp_path, lambda: 1_000_000.0)
    await store.put("n", {f"k{n}": Entry(b"v", None, 1_000_060) for n in range(2500)})
    await store.put("n", {"stays": Entry(b"v"), "later": Entry(b"v", None, 3_000_000)})
    await store.close()
    later = SqliteStore(tmp_path, lambda: 2_000_000.0)
    await later.clean()
    await later.close()
    early = SqliteStore(tmp_path, lambda: 0.0)
    assert [key.name for key in await early.list("n", "", "", 5000)] == ["later", "stays"]
    await early.close()


_PUT_AND_LEAVE = """
import asyncio, sys
from pathlib import Path
from edgewright.bindings.kv.sqlite import SqliteStore
from edgewright.bindings.kv.store import Entry

async def put():
    store = SqliteStore(Path(sys.argv[1]))
    (before,) = await store.get("n", ["k"])
    await store.put("n", {"k": Entry(sys.argv[2].encode())})
    await store.close()
    print(None if before is None else before.value.decode())

asyncio.run(put())
"""


async def test_processes_that_come_and_go_take_nothing_along(tmp_path: Path) -> None:
    """As `edgewright kv key put` does while the server runs."""
    store = SqliteStore(tmp_path)
    cache = ReadCache(store)
    try:
        for n in range(3):
            await store.put("n", {"k": Entry(f"ours {n}".encode())})
            cache.remember("n", "k", Entry(b"old"), store.version("n", "k"))
            process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-c", _PUT_AND_LEAVE, str(tmp_path), f"theirs {n}"),
                stdout=asyncio.subprocess.PIPE,
            )
            output, _ = await process.communicate()
            assert output.decode() == f"ours {n}\n"
            assert cache.get("n", "k", 60) is None
            assert await store.get("n", ["k"]) == [Entry(f"theirs {n}".encode())]
    finally:
        await store.close()
