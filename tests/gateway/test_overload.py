"""Too much to do for one Worker: it refuses, quickly, and the others keep their share."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from edgewright.build import WorkerBundle
from edgewright.config.limits import Limits
from edgewright.gateway.dispatch import Dispatcher
from edgewright.gateway.errors import Overloaded
from edgewright.gateway.node import Node
from edgewright.messages import Request, Response, read_all
from edgewright.observe.records import Outcome, Recorder
from edgewright.observe.spans import spans_of
from edgewright.observe.trace import Tracing

SOURCE = """
export default {
  async fetch(request) {
    if (request.url.endsWith("/work")) for (let i = 0, sum = 0; i < 4e6; i++) sum += i;
    return new Response("NAME");
  },
};
"""
FLOOD = 150


def bundle(name: str, limits: Limits) -> WorkerBundle:
    source = SOURCE.replace("NAME", name)
    return WorkerBundle(name, "worker:/index.js", {"worker:/index.js": source}, limits=limits)


async def ask(node: Node, name: str, path: str) -> str:
    active = await node.begin(name, Request("GET", f"http://h{path}", []))
    response = await active.head.wait()
    return (await read_all(response.body)).decode()


@pytest.fixture
async def recorder() -> Recorder:
    return Recorder()


@pytest.fixture
async def flooded(recorder: Recorder) -> AsyncIterator[Node]:
    """One of the two Workers has far more to do than it may keep waiting."""
    node = Node(observer=recorder, tracing=Tracing(on=True))
    await node.deploy(bundle("flooded", Limits(queue_ms=50, cpu_ms=60_000)))
    await node.deploy(bundle("neighbour", Limits()))
    flood = [asyncio.create_task(ask(node, "flooded", "/work")) for _ in range(FLOOD)]
    yield node
    assert await asyncio.wait_for(asyncio.gather(*flood), 120) == ["flooded"] * FLOOD
    await node.close()


async def refusal(node: Node) -> Overloaded:
    """It is known only after a while: a burst is no overload."""
    for _ in range(2000):
        try:
            node.begin_at_once("flooded", Request("GET", "http://h/", []))
        except Overloaded as overloaded:
            return overloaded
        await asyncio.sleep(0.01)
    raise AssertionError("it takes everything")


async def test_what_would_wait_for_too_long_is_refused_at_once(
    flooded: Node, recorder: Recorder
) -> None:
    assert (await refusal(flooded)).retry_after > 0
    assert recorder.requests[-1].outcome is Outcome.LOAD_SHED


async def test_what_is_refused_has_a_trace(flooded: Node, recorder: Recorder) -> None:
    await refusal(flooded)
    trace = recorder.requests[-1].trace
    assert trace is not None
    root = spans_of(trace)
    assert root.error == "The Worker is overloaded."
    assert (root.attributes["outcome"], root.attributes["status"]) == ("loadShed", 503)
    assert root.children == []


async def test_the_client_is_told_when_to_come_again(flooded: Node) -> None:
    await refusal(flooded)
    answers: list[Response] = []
    Dispatcher(flooded, "flooded").start(Request("GET", "http://h/", []), answers.append)
    [response] = answers  # there is nothing to wait for
    assert response.status == 503
    headers = dict(zip(response.headers[::2], response.headers[1::2], strict=True))
    assert int(headers["retry-after"]) > 0


async def test_the_others_keep_their_share(flooded: Node, recorder: Recorder) -> None:
    for _ in range(5):
        assert await ask(flooded, "neighbour", "/") == "neighbour"
    answered = [record.worker for record in recorder.requests]
    assert answered.count("flooded") < FLOOD  # it is still at it
