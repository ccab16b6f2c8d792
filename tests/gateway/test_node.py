"""The node with real hosts."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from edgewright.build import WorkerBundle
from edgewright.config.limits import Limits
from edgewright.gateway import hosts
from edgewright.gateway.active import WorkerFailure
from edgewright.gateway.errors import UnknownWorker
from edgewright.gateway.hosts import Host, HostError
from edgewright.gateway.loading import StartupError
from edgewright.gateway.node import Node
from edgewright.messages import Request, Response, read_all
from edgewright.observe.records import Outcome, Recorder
from edgewright.observe.spans import spans_of
from edgewright.observe.trace import Tracing

SOURCE = """
let seen = 0;
export default {
  async fetch(request, env, ctx) {
    const { pathname, searchParams } = new URL(request.url);
    seen++;
    switch (pathname) {
      case "/wait":
        await scheduler.wait(Number(searchParams.get("ms")));
        return new Response("waited");
      case "/later":
        ctx.waitUntil(scheduler.wait(Number(searchParams.get("ms"))));
        return new Response("at once");
      case "/memory": {
        const kept = [];
        for (;;) kept.push({ kept });
      }
      case "/unstoppable":
        return Array.prototype.indexOf.call({ length: 2 ** 53 - 1 }, 1);
      case "/pass":
        ctx.passThroughOnException();
        if (searchParams.has("read")) await request.text();
        throw new Error("to the origin");
      case "/echo":
        return new Response(request.body);
      case "/cf":
        try {
          let cf = {};
          for (let i = 0; i < 2000; i++) cf = { cf };
          await fetch("http://127.0.0.1:1/", { cf });
        } catch (error) {
          return new Response(error.name);
        }
      case "/surrogate":
        console.log("\\ud800", "\\\\ud800");
        throw new Error("\\udc00 alone");
    }
    return new Response(`VERSION ${seen}`);
  },
};
"""


def bundle(
    version: str = "1", *, name: str = "w", source: str = SOURCE, cpu_ms: int = 50
) -> WorkerBundle:
    main = "worker:/index.js"
    modules = {main: source.replace("VERSION", version)}
    return WorkerBundle(name, main, modules, limits=Limits(cpu_ms=cpu_ms))


@pytest.fixture
async def node(observer: Recorder) -> AsyncIterator[Node]:
    before = open_files()
    node = Node(observer=observer)
    yield node
    await node.close()
    assert not running(node)
    for _ in range(1000):  # the event loop hears of ended processes by and by
        await asyncio.sleep(0.01)
        if not asyncio.all_tasks() - {asyncio.current_task()} and open_files() <= before:
            break
    assert not asyncio.all_tasks() - {asyncio.current_task()}
    assert open_files() <= before


@pytest.fixture
def observer() -> Recorder:
    return Recorder()


def open_files() -> int:
    """Sockets of ours, that is. (The engine of the subrequests keeps a few files for good.)"""
    count = 0
    for link in Path("/proc/self/fd").iterdir():
        try:
            count += os.readlink(link).startswith("socket:")
        except FileNotFoundError:
            continue
    return count


def running(node: Node) -> list[Host]:
    return [host for host in node._hosts.hosts if host.alive]  # pyright: ignore[reportPrivateUsage]


def counts(node: Node) -> list[int]:
    return [host.isolates for host in running(node)]


async def get(
    node: Node, path: str = "/", *, name: str = "w", method: str = "GET", body: bytes | None = None
) -> Response:
    active = await node.begin(name, Request(method, f"http://h{path}", [], body))
    try:
        return await asyncio.wait_for(active.head.wait(), 60)
    except asyncio.CancelledError:
        assert active.isolate is not None
        active.isolate.client_gone(active)
        raise


async def text(node: Node, path: str = "/", *, name: str = "w") -> str:
    return (await read_all((await get(node, path, name=name)).body)).decode()


async def test_a_worker_answers(node: Node) -> None:
    await node.deploy(bundle())
    assert await text(node) == "1 1"
    assert await text(node) == "1 2"
    with pytest.raises(UnknownWorker):
        await get(node, name="other")


async def test_a_lazy_worker_starts_with_its_first_requests(node: Node) -> None:
    await node.deploy(bundle(), eager=False)
    assert counts(node) == []
    answers = await asyncio.gather(*(text(node) for _ in range(5)))
    assert sorted(answers) == [f"1 {number}" for number in range(1, 6)]
    assert counts(node) == [1]


async def test_a_new_version_takes_over_and_the_old_one_finishes(node: Node) -> None:
    await node.deploy(bundle("1"))
    slow = asyncio.create_task(text(node, "/wait?ms=200"))
    await asyncio.sleep(0.05)
    await node.deploy(bundle("2"))
    assert await text(node) == "2 1"
    assert counts(node) == [2]
    assert await slow == "waited"
    await asyncio.sleep(0.05)
    assert counts(node) == [1]


async def test_versions_that_came_and_went_leave_nothing_behind(node: Node) -> None:
    for number in range(10):
        await node.deploy(bundle(str(number)))
        if number % 2:
            await text(node)
    assert counts(node) == [1]
    for _ in range(3):
        with pytest.raises(StartupError):
            await node.deploy(bundle(source="throw new TypeError('at start')"))
    assert counts(node) == [1]
    assert await text(node) == "9 2"


async def test_a_version_retired_before_anyone_asked_for_it(node: Node) -> None:
    await node.deploy(bundle("1"), eager=False)
    first = asyncio.create_task(text(node))
    await asyncio.sleep(0)
    await node.deploy(bundle("2"))
    assert await first == "1 1"  # it was asked, so it answers
    await asyncio.sleep(0.05)
    assert counts(node) == [1]


async def test_leaving_while_the_worker_loads_disturbs_nobody(node: Node) -> None:
    await node.deploy(bundle(), eager=False)
    leaving = asyncio.create_task(text(node))
    staying = asyncio.create_task(text(node))
    await asyncio.sleep(0.01)
    leaving.cancel()
    assert await staying == "1 1"
    assert counts(node) == [1]


async def test_leaving_a_deploy_keeps_no_isolate(node: Node) -> None:
    await node.start()
    deploying = asyncio.create_task(node.deploy(bundle()))
    await asyncio.sleep(0.001)
    deploying.cancel()
    await asyncio.gather(deploying, return_exceptions=True)
    for _ in range(100):
        await asyncio.sleep(0.02)
        if counts(node) == [0]:
            break
    assert counts(node) == [0]


async def test_a_lazy_worker_that_can_not_start_fails_its_requests(node: Node) -> None:
    await node.deploy(bundle(source="throw new TypeError('at start')"), eager=False)
    for _ in range(2):
        with pytest.raises(WorkerFailure, match="at start") as caught:
            await get(node)
        assert caught.value.outcome is Outcome.EXCEPTION
    assert counts(node) == [0]


async def test_a_request_whose_worker_can_not_start_has_a_trace() -> None:
    recorder = Recorder()
    node = Node(observer=recorder, tracing=Tracing(on=True))
    await node.deploy(bundle(source="throw new TypeError('at start')"), eager=False)
    with pytest.raises(WorkerFailure):
        await get(node)
    await node.close()
    [record] = recorder.requests
    assert record.trace is not None
    root = spans_of(record.trace)
    assert root.error.endswith("at start")
    assert [span.kind for span in root.children] == ["cold"]
    assert root.milliseconds > 0


async def test_an_isolate_out_of_memory_is_replaced(node: Node) -> None:
    await node.deploy(bundle(cpu_ms=10_000))
    await node.deploy(bundle("other", name="other"))
    waiting = asyncio.create_task(text(node, "/wait?ms=5000"))
    await asyncio.sleep(0.02)
    with pytest.raises(WorkerFailure) as caught:
        await get(node, "/memory")
    assert caught.value.outcome is Outcome.EXCEEDED_MEMORY
    with pytest.raises(WorkerFailure):
        await waiting
    assert await text(node, name="other") == "other 1"
    assert await text(node) == "1 1"
    assert counts(node) == [2]


async def test_a_turn_that_nothing_can_stop_takes_its_host_along(node: Node) -> None:
    await node.deploy(bundle())
    (host,) = running(node)
    with pytest.raises(WorkerFailure) as caught:
        await get(node, "/unstoppable")
    assert caught.value.outcome is Outcome.EXCEEDED_CPU
    assert await text(node) == "1 1"
    assert host not in running(node)


async def test_a_host_that_is_killed_is_replaced_at_once(node: Node) -> None:
    await node.deploy(bundle())
    await text(node)
    (host,) = running(node)
    waiting = asyncio.create_task(get(node, "/wait?ms=5000", method="POST"))
    await asyncio.sleep(0)
    await text(node)  # so the turn of the one before is over, and it is no suspect
    host.process.send_signal(signal.SIGKILL)
    with pytest.raises(WorkerFailure) as caught:
        await waiting
    assert caught.value.outcome is Outcome.INTERNAL_ERROR
    for _ in range(1500):  # nobody asks for anything; and the machine may be busy
        await asyncio.sleep(0.02)
        if counts(node) == [1]:
            break
    assert running(node) != [host]
    assert counts(node) == [1]
    assert await text(node) == "1 1"


async def test_a_client_that_leaves_while_its_request_is_moved(
    node: Node, observer: Recorder
) -> None:
    await node.deploy(bundle())
    await text(node)
    (host,) = running(node)
    active = await node.begin("w", Request("GET", "http://h/wait?ms=5000", []))
    await text(node)  # so the turn of the one before is over, and it is no suspect
    host.process.send_signal(signal.SIGKILL)
    for _ in range(5000):
        if active.isolate is None:
            break
        await asyncio.sleep(0.001)
    active.client_gone()
    with pytest.raises(WorkerFailure):
        await active.head.wait()
    assert observer.requests[-1].outcome is Outcome.CANCELED
    assert await text(node) == "1 1"  # nobody has begun it again


async def test_hosts_are_shared_until_they_are_full(
    node: Node, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hosts, "ISOLATES_PER_HOST", 2)
    for number in range(3):
        await node.deploy(bundle(name=f"w{number}"))
    assert counts(node) == [2, 1]


async def test_what_a_worker_says_can_not_make_its_host_a_liar(
    node: Node, observer: Recorder
) -> None:
    await node.deploy(bundle())
    (host,) = running(node)
    assert await text(node, "/cf") == "TypeError"
    with pytest.raises(WorkerFailure, match="\ufffd alone"):
        await get(node, "/surrogate")
    assert [line.message for line in observer.lines] == ["\ufffd \\ud800"]
    assert await text(node) == "1 3"
    assert running(node) == [host]


async def test_drain_waits_for_all_there_is_to_do(node: Node) -> None:
    await node.deploy(bundle())
    assert await node.drain(0)
    assert await text(node, "/later?ms=150") == "at once"
    assert not await node.drain(0.01)
    assert await node.drain(2)
    slow = asyncio.create_task(text(node, "/wait?ms=100"))
    await asyncio.sleep(0.02)
    assert not await node.drain(0.01)
    assert await node.drain(2)
    await slow


async def test_drain_counts_those_who_wait_for_an_isolate(node: Node) -> None:
    await node.deploy(bundle(), eager=False)
    first = asyncio.create_task(text(node))
    await asyncio.sleep(0)
    assert not await node.drain(0.01)
    assert await first == "1 1"
    assert await node.drain(2)


async def test_closing_fails_what_is_under_way(node: Node) -> None:
    await node.deploy(bundle())
    slow = asyncio.create_task(text(node, "/wait?ms=5000"))
    await asyncio.sleep(0.05)
    await node.close()
    with pytest.raises(WorkerFailure, match="stopped"):
        await slow
    with pytest.raises(HostError):
        await get(node)
    assert not running(node)


async def test_closing_while_a_host_starts(node: Node) -> None:
    await node.deploy(bundle(), eager=False)
    first = asyncio.create_task(text(node))
    await asyncio.sleep(0.02)
    await node.close()
    with pytest.raises(HostError):
        await first
    assert not running(node)


# --- passThroughOnException() ---------------------------------------------------------------------


async def origin(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    head = (await reader.readuntil(b"\r\n\r\n")).decode()
    size = next(
        (int(line[15:]) for line in head.lower().split("\r\n") if line[:15] == "content-length:"), 0
    )
    body = await reader.readexactly(size)
    answer = b"origin: " + head.split(" ")[1].encode() + b" " + body
    writer.write(
        b"HTTP/1.1 203 X\r\nconnection: close\r\nx-o: 1\r\ncontent-length: %d\r\n\r\n%s"
        % (len(answer), answer)
    )
    writer.close()


async def pass_through(node: Node, request: Request) -> Response | None:
    active = await node.begin("w", request)
    with pytest.raises(WorkerFailure) as caught:
        await active.head.wait()
    assert caught.value.pass_through
    return await node.origin.pass_through(active)


async def test_a_failed_request_goes_to_the_origin() -> None:
    server = await asyncio.start_server(origin, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    node = Node(upstream=f"http://127.0.0.1:{port}")
    try:
        await node.deploy(bundle())
        response = await pass_through(node, Request("POST", "http://h/pass?a=%2F", [], b"body"))
        assert response is not None
        assert response.status == 203
        assert response.body == b"origin: /pass?a=%2F body"
        names = response.headers[::2]
        assert "x-o" in names
        assert not {"connection", "content-length", "transfer-encoding"} & set(names)
    finally:
        await node.close()
        server.close()


async def test_a_request_that_comes_back_is_not_passed_on_again() -> None:
    asked: list[list[str]] = []

    async def back(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        headers = [
            part
            for line in head.split("\r\n")[1:-2]
            for part in (line.split(": ")[0].lower(), line.split(": ")[1])
        ]
        asked.append(headers)
        response = await pass_through(node, Request("GET", "http://h/pass", headers))
        assert response is None
        writer.write(b"HTTP/1.1 508 Loop\r\ncontent-length: 0\r\n\r\n")
        writer.close()

    server = await asyncio.start_server(back, "127.0.0.1", 0)
    node = Node(upstream=f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}")
    try:
        await node.deploy(bundle())
        response = await pass_through(node, Request("GET", "http://h/pass", []))
        assert response is not None
        assert response.status == 508
        assert len(asked) == 1
    finally:
        await node.close()
        server.close()
