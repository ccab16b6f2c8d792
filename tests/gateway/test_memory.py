"""Idle isolates go when memory is short, and come back when they are asked for."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from edgewright.build import WorkerBundle
from edgewright.gateway.memory import MemoryBound, default_bound
from edgewright.gateway.node import Node
from edgewright.messages import Request, read_all

SOURCE = """
let seen = 0;
export default {
  async fetch(request) {
    seen++;
    if (request.url.endsWith("/wait")) await scheduler.wait(1500);
    return new Response(`NAME ${seen}`);
  },
};
"""


@dataclass
class Played:
    """An isolate without any code."""

    idle_since: float
    busy: bool = False
    closed: bool = field(default=False, init=False)

    def close(self) -> None:
        self.closed = True


def bundle(name: str) -> WorkerBundle:
    return WorkerBundle(
        name, "worker:/index.js", {"worker:/index.js": SOURCE.replace("NAME", name)}
    )


async def ask(node: Node, name: str, path: str = "/") -> str:
    active = await node.begin(name, Request("GET", f"http://h{path}", []))
    response = await asyncio.wait_for(active.head.wait(), 20)
    return (await read_all(response.body)).decode()


def isolates(node: Node) -> int:
    return sum(host.isolates for host in node._hosts.hosts)  # pyright: ignore[reportPrivateUsage]


def processes(node: Node) -> int:
    return len(node._hosts.hosts)  # pyright: ignore[reportPrivateUsage]


async def until(node: Node, count: int) -> None:
    for _ in range(200):
        if isolates(node) == count:
            return
        await asyncio.sleep(0.05)
    assert isolates(node) == count


@pytest.fixture
async def short_of_memory() -> AsyncIterator[Node]:
    """Nothing fits, but what is needed."""
    node = Node(memory_mb=1)
    yield node
    await node.close()


async def test_an_evicted_worker_is_loaded_again_by_its_next_request(
    short_of_memory: Node,
) -> None:
    node = short_of_memory
    for name in ("a", "b"):
        await node.deploy(bundle(name))
    await until(node, 1)
    assert await ask(node, "a") == "a 1"
    assert await ask(node, "a") == "a 2"
    assert await ask(node, "b") == "b 1"
    assert await ask(node, "a") == "a 1"


async def test_a_busy_isolate_stays(short_of_memory: Node) -> None:
    node = short_of_memory
    await node.deploy(bundle("busy"))
    await node.deploy(bundle("idle"), eager=False)
    waiting = asyncio.create_task(ask(node, "busy", "/wait"))
    await asyncio.sleep(0.1)
    assert await ask(node, "idle") == "idle 1"
    assert await waiting == "busy 1"
    assert await ask(node, "busy") == "busy 2"


async def test_with_enough_memory_nobody_goes() -> None:
    node = Node(memory_mb=4096)
    try:
        for name in ("a", "b", "c"):
            await node.deploy(bundle(name))
        await asyncio.sleep(1.2)
        assert isolates(node) == 3
    finally:
        await node.close()


async def test_a_process_that_became_empty_ends(short_of_memory: Node) -> None:
    node = short_of_memory
    await node.deploy(bundle("a"))
    await node.deploy(bundle("b"))
    node._hosts.hosts[0].reserved = "b"  # pyright: ignore[reportPrivateUsage]
    await node.deploy(bundle("c"))
    for _ in range(200):
        if processes(node) == 1:
            break
        await asyncio.sleep(0.05)
    assert processes(node) == 1
    assert await ask(node, "c") == "c 1"


def test_the_one_used_longest_ago_goes_first() -> None:
    isolates = [Played(3.0), Played(1.0), Played(2.0, busy=True), Played(2.5), Played(4.0)]
    bound = MemoryBound(6 * 4)  # Without any host to look at, an isolate counts as 6 MB.
    bound.evict([], isolates)
    assert [isolate.closed for isolate in isolates] == [False, True, False, False, False]
    bound = MemoryBound(6)
    bound.evict([], isolates)
    assert [isolate.closed for isolate in isolates] == [True, True, False, True, False]


def test_no_more_go_at_a_time_than_asked() -> None:
    isolates = [Played(1.0), Played(2.0), Played(3.0)]
    MemoryBound(1).evict([], isolates, most=1)
    assert [isolate.closed for isolate in isolates] == [True, False, False]


def test_the_default_is_half_of_what_the_container_has(tmp_path: Path) -> None:
    unlimited, limited = tmp_path / "max", tmp_path / "limit"
    unlimited.write_text("max\n")
    machine = default_bound([unlimited, tmp_path / "missing"])
    assert machine > 64 << 20
    limited.write_text(f"{64 << 20}\n")
    assert default_bound([unlimited, limited]) == 32 << 20


def test_a_bound_of_nothing_is_refused() -> None:
    with pytest.raises(ValueError, match="above 0"):
        Node(memory_mb=0)
