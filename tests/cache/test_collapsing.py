"""One upstream request for all gateways of a node."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from edgewright.cache.fetching import FetchCache
from edgewright.cache.opening import open_store
from edgewright.cache.rules import Rule
from edgewright.cache.store import Store
from edgewright.messages import Body, read_all
from edgewright.subrequest.upstream import Settle, Subrequest, SubrequestError, UpstreamResponse


class Held:
    """A Transport whose answers wait until they are let go."""

    def __init__(self, *headers: str) -> None:
        self.headers = list(headers)
        self.waiting: list[Callable[[], None]] = []
        self.asked = 0

    def start(
        self,
        method: str,
        url: str,
        headers: tuple[str, ...],
        body: bytes | Body | None,
        settle: Settle,
        handshake: object = None,
        trace: object = None,
    ) -> Subrequest:
        self.asked += 1
        response = UpstreamResponse(200, "OK", self.headers, url, False, b"page")
        self.waiting.append(lambda: settle(response))
        return asyncio.get_running_loop().call_later(3600, print)  # something to cancel

    def let_go(self) -> None:
        waiting, self.waiting = self.waiting, []
        for answer in waiting:
            answer()


class Node:
    """Two gateways' caches, in one process, on one folder."""

    def __init__(self, folder: Path, upstream: Held) -> None:
        self.upstream = upstream
        self.stores: list[Store] = [open_store(folder), open_store(folder)]
        self.caches = [FetchCache(store, "w", upstream) for store in self.stores]

    async def get(self, gateway: int, path: str = "/") -> tuple[str, str]:
        """CF-Cache-Status, and the body."""
        settled: asyncio.Future[UpstreamResponse | SubrequestError]
        settled = asyncio.get_running_loop().create_future()
        hops = self.caches[gateway].through(Rule(everything=True))
        hops.start("GET", f"http://a.test{path}", (), None, settled.set_result)
        result = await settled
        assert isinstance(result, UpstreamResponse)
        label = result.headers[result.headers.index("cf-cache-status") + 1]
        return label, (await read_all(result.body)).decode()

    async def close(self) -> None:
        for cache, store in zip(self.caches, self.stores, strict=True):
            await cache.close()
            await store.close()


@pytest.fixture
async def node(tmp_path: Path) -> AsyncIterator[Node]:
    node = Node(tmp_path, Held("cache-control", "max-age=60"))
    yield node
    await node.close()


async def asked(node: Node, count: int) -> None:
    for _ in range(500):
        if node.upstream.asked >= count:
            break
        await asyncio.sleep(0.02)
    await asyncio.sleep(0.1)  # for one too many
    assert node.upstream.asked == count


async def test_gateways_ask_once_together(node: Node) -> None:
    asking = [asyncio.create_task(node.get(index % 2)) for index in range(6)]
    await asked(node, 1)
    node.upstream.let_go()
    found = await asyncio.gather(*asking)
    assert sorted(found) == [("HIT", "page")] * 5 + [("MISS", "page")]
    assert node.upstream.asked == 1


async def test_what_can_not_be_stored_is_not_waited_for_again(node: Node) -> None:
    node.upstream.headers = ["cache-control", "private"]
    first = [asyncio.create_task(node.get(index % 2)) for index in range(2)]
    for count in (1, 2):  # the second gateway asks when the first has been of no use
        await asked(node, count)
        node.upstream.let_go()
    assert await asyncio.gather(*first) == [("BYPASS", "page")] * 2
    again = [asyncio.create_task(node.get(index % 2)) for index in range(6)]
    await asked(node, 8)
    node.upstream.let_go()
    assert await asyncio.gather(*again) == [("BYPASS", "page")] * 6


async def test_who_comes_while_a_request_is_given_up_makes_another(node: Node) -> None:
    hops = node.caches[0].through(Rule(everything=True))
    left = hops.start("GET", "http://a.test/", (), None, lambda _: pytest.fail("it was cancelled"))
    await asked(node, 1)
    left.cancel()
    for _ in range(3):  # the request notices, and what it waits for begins to end
        await asyncio.sleep(0)
    came = asyncio.create_task(node.get(0))
    await asked(node, 2)
    node.upstream.let_go()
    assert (await asyncio.wait_for(came, 20))[1] == "page"


async def test_a_gateway_that_was_killed_is_not_waited_for_for_long(
    node: Node, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("edgewright.cache.filling._WAIT", 0.2)
    killed = asyncio.create_task(node.get(0))
    await asked(node, 1)
    other = asyncio.create_task(node.get(1))
    await asked(node, 2)
    node.upstream.let_go()
    assert (await other)[1] == (await killed)[1] == "page"
