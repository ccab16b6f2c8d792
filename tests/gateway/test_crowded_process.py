"""A process that Workers share dies: where they go on."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable

import pytest

from edgewright.build import WorkerBundle
from edgewright.gateway.active import WorkerFailure
from edgewright.gateway.hosts import Host
from edgewright.gateway.node import Node
from edgewright.messages import Request, read_all
from edgewright.observe.records import Outcome

SOURCE = """
export default {
  async fetch(request) {
    if (request.url.endsWith("/end")) new Array(3e8).fill(0);
    return new Response("NAME");
  },
};
"""


@pytest.fixture
async def node() -> AsyncIterator[Node]:
    node = Node(standby=True)
    for name in ("broken", "neighbour"):
        source = SOURCE.replace("NAME", name)
        await node.deploy(WorkerBundle(name, "worker:/index.js", {"worker:/index.js": source}))
    yield node
    await node.close()


def hosts(node: Node) -> list[Host]:
    return node._hosts.hosts  # pyright: ignore[reportPrivateUsage]


async def until(condition: Callable[[], bool]) -> None:
    for _ in range(1000):
        if condition():
            return
        await asyncio.sleep(0.02)
    raise AssertionError("it did not come true")


async def ask(node: Node, name: str, path: str = "/") -> str:
    active = await node.begin(name, Request("GET", f"http://h{path}", []))
    response = await asyncio.wait_for(active.head.wait(), 60)
    return (await read_all(response.body)).decode()


async def end(node: Node) -> None:
    with pytest.raises(WorkerFailure) as caught:
        await ask(node, "broken", "/end")
    assert caught.value.outcome in (Outcome.EXCEEDED_MEMORY, Outcome.EXCEEDED_CPU)


async def test_who_ended_it_gets_a_process_of_its_own(node: Node) -> None:
    [shared] = [host for host in hosts(node) if host.isolates == 2]
    await end(node)
    assert await ask(node, "neighbour") == "neighbour"
    assert await ask(node, "broken") == "broken"
    assert shared not in hosts(node)
    kept_for = {host.reserved: host.isolates for host in hosts(node) if host.isolates}
    assert kept_for == {"broken": 1, None: 1}


async def test_the_neighbour_does_not_notice_that_it_happens_again(node: Node) -> None:
    await end(node)
    assert await ask(node, "neighbour") == "neighbour"
    [its] = [host for host in hosts(node) if host.isolates and host.reserved is None]
    await end(node)
    assert its in hosts(node)
    assert its.isolates == 1


async def test_the_process_that_stood_by_takes_over(node: Node) -> None:
    await until(lambda: len(hosts(node)) == 2)
    [standby] = [host for host in hosts(node) if not host.isolates]
    [shared] = [host for host in hosts(node) if host.isolates]
    shared.process.kill()
    await until(lambda: shared not in hosts(node))
    assert await ask(node, "neighbour") == "neighbour"
    assert standby.isolates > 0
