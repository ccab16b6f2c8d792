"""A Worker as WebSocket client, between the two, and with both ends in its own hands."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

import pytest
from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import ConnectionClosed
from websockets.http11 import Request, Response
from websockets.typing import Subprotocol

from edgewright.observe.records import Outcome
from edgewright.worker import WorkerException
from tests.support.running import Run, Running, eventually
from tests.workers.test_websockets import Served, closed, serving

SOCKETS = Path(__file__).parent / "sockets"


class Upstream:
    """A WebSocket server: what it has seen of its clients."""

    def __init__(self) -> None:
        self.port = 0
        self.closed: list[tuple[int | None, str | None]] = []

    async def __call__(self, client: ServerConnection) -> None:
        assert client.request is not None
        match client.request.path:
            case "/bye":
                await client.close(4321, "good bye")
            case "/headers":
                names = ("host", "upgrade", "connection", "x-mine", "sec-websocket-version")
                key = client.request.headers["sec-websocket-key"]
                shown = [client.request.headers.get(name) for name in names]
                await client.send(f"{shown[1:]} {key != 'mine'}")
            case _:
                with contextlib.suppress(ConnectionClosed):
                    async for message in client:
                        await client.send(message)
        await client.wait_closed()
        self.closed.append((client.close_code, client.close_reason))


def _refuse(client: ServerConnection, request: Request) -> Response | None:
    return client.respond(403, "no\n") if request.path == "/refuse" else None


def _last(client: ServerConnection, names: Sequence[Subprotocol]) -> Subprotocol | None:
    return names[-1] if names else None


@pytest.fixture
async def upstream() -> AsyncIterator[Upstream]:
    app = Upstream()
    server = serve(app, "127.0.0.1", 0, process_request=_refuse, select_subprotocol=_last)
    async with server as running:
        app.port = next(iter(running.sockets)).getsockname()[1]
        yield app


@pytest.fixture
async def client(run: Run, upstream: Upstream) -> Running:
    address = f"//127.0.0.1:{upstream.port}"
    env = {"WS": f"ws:{address}", "HTTP": f"http:{address}"}
    return await run(SOCKETS / "client.js", env=env)


@pytest.fixture
async def between(client: Running) -> AsyncIterator[Served]:
    async with serving(client) as served:
        yield served


async def test_by_fetch(client: Running) -> None:
    expected = [101, True, None, "b", "hello", 1000, "done", True, 3]
    assert await client.json("/fetch") == expected


async def test_by_the_constructor(client: Running, upstream: Upstream) -> None:
    expected = [0, "", 1, "y", True, "permessage-deflate", [1, 2], 4000, 3]
    assert await client.json("/constructor") == expected
    assert await eventually(lambda: upstream.closed == [(4000, "")])


async def test_the_server_closes(client: Running) -> None:
    assert await client.json("/server_closes") == [4321, "good bye", True, 3]


async def test_a_server_that_refuses(client: Running) -> None:
    message, *rest = await client.json("/refused")
    assert "received 403 instead" in message
    failed = "Failed to establish websocket connection"
    assert rest == ["TypeError", 1006, failed, False, 3, 403, None]


async def test_closing_before_it_is_open(client: Running) -> None:
    assert await client.json("/closed_early") == [
        "Called close before connection was established.",
        3,
    ]


async def test_a_pair_in_one_isolate(client: Running) -> None:
    assert await client.json("/pair") == [
        *[1, ["0", "1"], "sync", "before", 4, "re: before", 2],
        *[4010, "so", 4010, True, 3, 3],
    ]


async def test_what_goes_wrong_is_said(client: Running) -> None:
    accept = "You must call one of accept() or state.acceptWebSocket()"
    said = await client.json("/mistakes")
    assert [text[:80] for text in said] == [
        text[:80]
        for text in [
            "SyntaxError: WebSocket Constructor: The url scheme must be ws or wss.",
            "SyntaxError: WebSocket Constructor: The url fragment must be empty.",
            "SyntaxError: WebSocket Constructor: The url is invalid.",
            "SyntaxError: WebSocket Constructor: The protocols header cannot have repeating valu",
            "SyntaxError: WebSocket Constructor: The protocol header token is invalid.",
            "SyntaxError: WebSocket Constructor: The protocols array cannot be empty.",
            f"TypeError: {accept} on this WebSocket before sending messages.",
            f"TypeError: {accept} on this WebSocket before sending messages.",
            "fine",
            "TypeError: Invalid WebSocket close code: 999.",
            "TypeError: Invalid WebSocket close code: 1005.",
            "TypeError: If you specify a WebSocket close reason, you must also specify a code.",
            "SyntaxError: A close reason may have 123 bytes at most.",
            "fine",
            "TypeError: Can't call WebSocket send() after close().",
            "RangeError: Responses may only be constructed with status codes in the range 200 to",
            "RangeError: Responses with a WebSocket must have status code 101.",
            "TypeError: The ResponseInit's webSocket is not a WebSocket.",
            "TypeError: Cannot clone a response to a WebSocket handshake.",
            "SyntaxError: Invalid binaryType: text",
        ]
    ]


async def test_attachments_are_copies(client: Running) -> None:
    too_large = "A WebSocket 'attachment' cannot be larger than 1638"
    assert await client.json("/attachment") == [None, 5, 2, 1, too_large[:50]]


async def test_without_asking_for_one_there_is_none(client: Running) -> None:
    with pytest.raises(WorkerException, match="did not contain the header"):
        await client.fetch("/not_asked")


async def test_a_connection_that_is_passed_on(between: Served, upstream: Upstream) -> None:
    async with between.connect("proxy?to=echo", subprotocols=["b"]) as browser:
        assert browser.subprotocol == "b"
        await browser.send("through")
        assert await browser.recv() == "through"
        await browser.send(b"\0" * 300_000)
        assert await browser.recv() == b"\0" * 300_000
        await browser.close(4777, "bye")
    assert await eventually(lambda: upstream.closed == [(4777, "bye")])
    (record,) = between.running.observed.requests
    assert (record.status, record.outcome) == (101, Outcome.OK)


async def test_what_is_passed_on_stays_out_of_the_isolate(between: Served) -> None:
    async with between.connect("proxy?to=echo") as browser:
        assert await eventually(lambda: len(between.running.observed.requests) == 1)
        for _ in range(20):
            await browser.send("x" * 1000)
            await browser.recv()
        (record,) = between.running.observed.requests
        assert record.cpu_ms < 50


async def test_a_server_that_closes_what_was_passed_on(between: Served) -> None:
    async with between.connect("proxy?to=bye") as browser:
        assert await closed(browser) == (4321, "good bye")


async def test_a_refusal_is_passed_on(between: Served) -> None:
    status, body = await between.refusal("proxy?to=refuse")
    assert (status, body) == (403, b"no\n")


async def test_the_origin_speaks_for_a_worker_that_fails(run: Run, upstream: Upstream) -> None:
    running = await run(SOCKETS / "client.js", upstream=f"http://127.0.0.1:{upstream.port}")
    async with (
        serving(running) as served,
        served.connect("fails", subprotocols=["b"]) as browser,
    ):
        assert browser.subprotocol == "b"
        await browser.send("to the origin")
        assert await browser.recv() == "to the origin"
        await browser.close(4777, "bye")
    assert await eventually(lambda: upstream.closed == [(4777, "bye")])


async def test_a_worker_between_the_two(between: Served, upstream: Upstream) -> None:
    async with between.connect("between") as browser:
        await browser.send("a")
        assert await browser.recv() == "a!!"
        await browser.close(4555, "enough")
        assert (browser.close_code, browser.close_reason) == (4555, "enough")
    assert await eventually(lambda: upstream.closed == [(4555, "enough")])


async def test_a_client_that_goes_away_takes_the_upstream_along(
    between: Served, upstream: Upstream
) -> None:
    for path in ("between", "proxy?to=echo"):
        browser = await between.connect(path)
        await browser.send("a")
        await browser.recv()
        browser.transport.abort()
    assert await eventually(lambda: len(upstream.closed) == 2)


async def test_what_a_server_sees_of_the_handshake(client: Running) -> None:
    seen = await client.text("/headers")
    assert seen == "['websocket', 'Upgrade', 'yes', '13'] True"


async def test_they_are_subrequests(client: Running) -> None:
    assert await client.json("/many") == [50, 10]


async def test_what_is_left_open_lives_as_long_as_wait_until(run: Run, upstream: Upstream) -> None:
    env = {"HTTP": f"http://127.0.0.1:{upstream.port}"}
    client = await run(SOCKETS / "client.js", env=env, limits={"wait_until_ms": 300})
    await asyncio.gather(*(client.text("/headers") for _ in range(3)))
    assert await eventually(lambda: len(upstream.closed) == 3)
