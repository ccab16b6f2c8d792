"""examples/fanout-200 does what its README says."""

from __future__ import annotations

import asyncio
import shutil
import socket
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from running import eventually

from edgewright import Recorder, Worker

EXAMPLE = Path(__file__).parents[2] / "examples" / "fanout-200"


def answers(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
    except OSError:
        return False
    return True


@pytest.fixture
async def observed() -> Recorder:
    return Recorder()


@pytest.fixture
async def front(tmp_path: Path, observed: Recorder) -> AsyncIterator[Worker]:
    """The example with its upstream on a free port."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port: int = free.getsockname()[1]
    upstream = await asyncio.create_subprocess_exec(
        sys.executable, EXAMPLE / "upstream.py", "--port", str(port)
    )
    try:
        folder = tmp_path / "example"
        shutil.copytree(EXAMPLE, folder)
        for config in folder.glob("*/wrangler.jsonc"):
            config.write_text(config.read_text().replace("127.0.0.1:8788", f"127.0.0.1:{port}"))
        assert await eventually(lambda: answers(port))
        others = [folder / "part"]
        async with Worker(folder / "front", others=others, observer=observed) as worker:
            yield worker
    finally:
        upstream.kill()
        await upstream.wait()


async def test_four_chained_workers_make_200_calls(front: Worker, observed: Recorder) -> None:
    answer = await (await front.fetch("http://shop.test/")).json()
    answer.pop("ms")
    assert answer == {"prices": 200, "total": sum(range(100, 300)), "failed": 0}
    assert await eventually(lambda: len(observed.requests) == 5)
    assert sorted(record.subrequests for record in observed.requests) == [4, 50, 50, 50, 50]


async def test_one_alone_is_stopped_at_50(front: Worker) -> None:
    answer = await (await front.fetch("http://shop.test/alone")).json()
    assert (answer["prices"], answer["failed"]) == (50, 150)
    assert answer["why"] == "Too many subrequests."
