"""WebSockets of an isolate that is played by the test: honest or not."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from edgewright.gateway.active import ActiveRequest, WorkerFailure
from edgewright.messages import Request
from edgewright.protocol.messages import MESSAGE_COST, PORT_WINDOW
from edgewright.websocket.socket import LOST, Closed, Message, WebSocket
from tests.gateway.test_isolate import Played, played, respond
from tests.support.running import eventually

__all__ = ["played"]

UPGRADE = ["upgrade", "websocket"]


async def _upgraded(played: Played, **fields: Any) -> tuple[ActiveRequest, WebSocket]:
    """A request that is answered with port 7."""
    active = played.isolate.start(Request("GET", "http://h/", list(UPGRADE)))
    await played.events()
    await played.say(respond(active.id, status=101, port=7, **fields))
    socket = (await active.head.wait()).websocket
    assert socket is not None
    return active, socket


async def test_what_the_isolate_says_comes_out_in_order(played: Played) -> None:
    _, socket = await _upgraded(played)
    await played.say(
        ["message", 7, 3, True], ["message", 7, 2, False], ["close", 7, 4000, "why"], blob=b"onehi"
    )
    assert await socket.receive() == Message(b"one", text=True)
    assert await socket.receive() == Message(b"hi", text=False)
    assert await socket.receive() == Closed(4000, "why")
    assert await socket.receive() == Closed(4000, "why")


async def test_messages_wait_until_the_isolate_takes_some(played: Played) -> None:
    _, socket = await _upgraded(played)
    sending = asyncio.create_task(socket.send(Message(b"hello", text=True)))
    await asyncio.sleep(0.05)
    assert not sending.done()
    await played.say(["grant", 7, PORT_WINDOW])
    events, blob = await played.events_and_bytes()
    assert (events, blob) == ([["message", 7, 5, True]], b"hello")
    await sending


async def test_the_isolate_hears_what_was_taken(played: Played) -> None:
    _, socket = await _upgraded(played)
    size = PORT_WINDOW // 2
    await played.say(["message", 7, size, False], blob=b"x" * size)
    await socket.receive()
    assert await played.events() == [["grant", 7, size + MESSAGE_COST]]


async def test_closing_is_told_after_the_messages(played: Played) -> None:
    _, socket = await _upgraded(played)

    async def speak() -> None:
        await socket.send(Message(b"x", text=True))
        await socket.close(1000, "bye")

    speaking = asyncio.create_task(speak())
    await asyncio.sleep(0)
    await played.say(["grant", 7, PORT_WINDOW])
    await speaking
    assert await played.events() == [["message", 7, 1, True], ["close", 7, 1000, "bye", True]]


async def test_a_lost_connection_is_told_at_once(played: Played) -> None:
    _, socket = await _upgraded(played)
    socket.lose()
    assert await played.events() == [["close", 7, LOST.code, LOST.reason, False]]
    assert await socket.receive() == LOST
    await socket.send(Message(b"nobody", text=True))
    await played.say(["message", 7, 1, True], blob=b"x")  # it has not heard yet
    assert not played.ended


async def test_the_end_of_the_request_ends_its_port(played: Played) -> None:
    active, socket = await _upgraded(played)
    await played.say(["done", active.id])
    assert await socket.receive() == LOST


async def test_a_new_version_says_good_bye_to_both_sides(played: Played) -> None:
    _, socket = await _upgraded(played)
    played.isolate.go_away()
    assert await played.events() == [["close", 7, 1001, "", True]]
    assert await socket.receive() == Closed(1001)
    await played.say(["message", 7, 1, True], ["close", 7, 1001, ""], blob=b"x")
    assert not played.ended


class _Silent:
    """An upstream's side, which says nothing."""

    def __init__(self) -> None:
        self.over = asyncio.Event()

    async def receive(self) -> Message | Closed:
        await self.over.wait()
        return LOST

    async def send(self, message: Message) -> None: ...

    async def close(self, code: int, reason: str) -> None: ...

    async def gone(self) -> None:
        await self.over.wait()

    def lose(self, why: Closed = LOST) -> None:
        self.over.set()


async def test_a_request_that_speaks_with_others_does_not_begin_again(played: Played) -> None:
    active = await played.start()
    upstream = _Silent()
    held = played.isolate._ports.hold(active, upstream)  # pyright: ignore[reportPrivateUsage]
    assert not active.unsafe
    await played.say(["accept", active.id, held, 3])
    assert await eventually(lambda: active.unsafe)
    await played.say(["done", active.id])
    await asyncio.wait_for(upstream.over.wait(), 10)
    assert await eventually(lambda: len(asyncio.all_tasks()) == 1)


async def test_no_websocket_for_who_did_not_ask(played: Played) -> None:
    active = await played.start()
    await played.say(respond(active.id, status=101, port=7))
    with pytest.raises(WorkerFailure, match="did not ask for a WebSocket"):
        await active.head.wait()
    assert await played.events() == [["close", 7, LOST.code, LOST.reason, False]]


async def test_no_status_101_without_one(played: Played) -> None:
    active = await played.start()
    await played.say(respond(active.id, status=101))
    with pytest.raises(WorkerFailure, match="101 is no status"):
        await active.head.wait()


async def test_a_websocket_that_it_does_not_have(played: Played) -> None:
    active = played.isolate.start(Request("GET", "http://h/", list(UPGRADE)))
    await played.events()
    await played.say(["accept", active.id, 99, 3])
    assert await played.events() == [["close", 3, LOST.code, LOST.reason, False]]
    await played.say(respond(active.id, status=101, websocket=99))
    with pytest.raises(WorkerFailure, match="has been accepted"):
        await active.head.wait()


@pytest.mark.parametrize(
    ("command", "blob"),
    [
        (["message", 7, 2, True], b"\xff\xff"),
        (["message", 7, -1, True], b""),
        (["close", 7, 999, ""], b""),
        (["close", 7, 1006, ""], b""),
        (["close", 7, 1000, "ü" * 100], b""),
        (["grant", 7, -5], b""),
        (["accept", 1, 1, 7], b""),
    ],
)
async def test_liars_are_ended(played: Played, command: list[Any], blob: bytes) -> None:
    await _upgraded(played)
    await played.say(command, blob=blob)
    assert await played.closed()


async def test_sending_without_grant_is_a_lie(played: Played) -> None:
    _, socket = await _upgraded(played)
    await played.say(["message", 7, PORT_WINDOW, False], blob=b"x" * PORT_WINDOW)
    assert not played.ended
    await played.say(["message", 7, 0, False])
    assert await played.closed()
    assert isinstance(await socket.receive(), Message)
    assert await socket.receive() == LOST


async def test_ports_that_there_are_not_are_nobodys(played: Played) -> None:
    await _upgraded(played)
    await played.say(["message", 8, 1, True], ["close", 8, 1000, ""], ["grant", 8, 1], blob=b"x")
    assert not played.ended
