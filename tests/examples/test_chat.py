"""examples/chat does what its README says."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
from running import Command
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from examples import example_of


@dataclass
class Chat:
    url: str
    room: asyncio.subprocess.Process

    def enter(self, name: str) -> connect:
        url = self.url.replace("http", "ws")
        return connect(f"{url}/room?name={name}", proxy=None)


@pytest.fixture
async def chat(
    tmp_path: Path, edgewright: Callable[..., Awaitable[Command]]
) -> AsyncIterator[Chat]:
    """The example with its room on a free port."""
    async with example_of("chat", tmp_path, script="room.py", usual=8789) as example:
        yield Chat((await edgewright("serve", example.folder)).url, example.upstream)


async def hear(guest: ClientConnection) -> Any:
    return json.loads(await asyncio.wait_for(guest.recv(), 20))


async def closed(guest: ClientConnection) -> tuple[int | None, str | None]:
    with contextlib.suppress(ConnectionClosed):
        async with asyncio.timeout(20):
            while True:
                await guest.recv()
    return guest.close_code, guest.close_reason


async def test_everybody_hears_what_one_says(chat: Chat) -> None:
    async with chat.enter("ada") as ada:
        assert await hear(ada) == {"name": "ada", "event": "came"}
        async with chat.enter("bob") as bob:
            assert await hear(ada) == {"name": "bob", "event": "came"}
            assert await hear(bob) == {"name": "bob", "event": "came"}
            await ada.send("hello")
            assert await hear(ada) == {"name": "ada", "text": "hello"}
            assert await hear(bob) == {"name": "ada", "text": "hello"}
        assert await hear(ada) == {"name": "bob", "event": "left"}


async def test_who_says_too_much_is_shown_out(chat: Chat) -> None:
    async with chat.enter("ada") as ada:
        await ada.send("x" * 501)
        assert await closed(ada) == (1008, "Only short texts, please.")


async def test_when_the_room_closes(chat: Chat) -> None:
    async with chat.enter("ada") as ada:
        await hear(ada)
        chat.room.terminate()
        assert await closed(ada) == (1001, "The room is closed.")
    with pytest.raises(InvalidStatus, match="502"):
        await chat.enter("bob")


async def test_who_is_not_let_in(chat: Chat) -> None:
    for name in ("", "%20", "x" * 21):
        with pytest.raises(InvalidStatus, match="400"):
            await chat.enter(name)
    async with httpx.AsyncClient(base_url=chat.url, timeout=30) as client:
        refused = await client.get("/room?name=ada")
        assert refused.status_code == 426
        assert "<title>Chat</title>" in (await client.get("/")).text
        assert (await client.get("/else")).status_code == 404
