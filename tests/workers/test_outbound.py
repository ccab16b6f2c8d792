"""What a Worker may reach, by whichever way."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from urllib.parse import quote

import pytest

from tests.support.running import Origin, Run

WORKER = Path(__file__).parent / "outbound.js"
WAYS = ("fetch", "upgrade", "websocket", "connect")
REFUSED = "this Worker may not connect to"


async def reach(run: Run, url: str, outbound: str, way: str = "fetch") -> str:
    running = await run(WORKER, outbound=outbound)
    response = await running.worker.fetch(f"http://w.test/?way={way}&url={quote(url, safe='')}")
    return await response.text()


class Listener:
    """Whoever connects is counted, and left."""

    def __init__(self) -> None:
        self.port = 0
        self.connections = 0

    async def __call__(self, _: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        writer.close()


@pytest.fixture
async def private() -> AsyncIterator[Listener]:
    listener = Listener()
    async with await asyncio.start_server(listener, "127.0.0.1", 0) as server:
        listener.port = server.sockets[0].getsockname()[1]
        yield listener


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "[::ffff:127.0.0.1]"])
async def test_code_that_is_not_ones_own_reaches_no_private_address(
    run: Run, private: Listener, way: str, host: str
) -> None:
    answer = await reach(run, f"http://{host}:{private.port}/", "public", way)
    assert REFUSED in answer
    assert private.connections == 0


async def test_ones_own_code_does(run: Run, upstream: Origin, private: Listener) -> None:
    assert (await reach(run, f"{upstream.url}/echo", "any")).startswith("200 ")
    assert await reach(run, f"http://127.0.0.1:{private.port}/", "any", "connect") == "open"
    assert private.connections == 1


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("host", ["169.254.169.254", "[fd00:ec2::254]", "[::ffff:a9fe:a9fe]"])
async def test_a_clouds_metadata_is_never_reached(run: Run, way: str, host: str) -> None:
    assert REFUSED in await reach(run, f"http://{host}/latest/meta-data/", "any", way)


async def test_nothing_else_than_public_and_any(run: Run) -> None:
    with pytest.raises(ValueError, match="private"):
        await run(WORKER, outbound="private")
