"""One side of a WebSocket, as the gateway passes it around, and how two of them are joined."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import Protocol

GOING_AWAY = 1001
NO_STATUS = 1005
"""The Close frame says no code. (RFC 6455 §7.4.1)"""
ABNORMAL = 1006
"""There was no Close frame."""

HALF_OPEN = 60.0
"""Seconds that one side may go on speaking after the other has closed."""


@dataclass(frozen=True, slots=True)
class Message:
    """What one side says."""

    data: bytes
    text: bool
    """The bytes are valid UTF-8, and stand for a text."""
    outside: bool = field(default=False, compare=False)
    """It came over a network, and not from another Worker here."""


@dataclass(frozen=True, slots=True)
class Closed:
    """The last thing that comes from a side."""

    code: int
    reason: str = ""
    clean: bool = True
    """By a Close frame. Otherwise the connection is lost, in both directions."""


LOST = Closed(ABNORMAL, "WebSocket disconnected without sending Close frame.", clean=False)
"""The reason is the platform's."""

TOO_LARGE = Closed(1009, "Message is too large", clean=False)
"""Here as well."""


class WebSocket(Protocol):
    """A side: what it says is received, what is sent goes to it."""

    async def receive(self) -> Message | Closed:
        """The next message. After Closed, nothing more comes."""
        ...

    async def send(self, message: Message) -> None:
        """Returns when more may be sent. Does nothing once the side is closed or lost."""
        ...

    async def close(self, code: int, reason: str) -> None:
        """Says that nothing more will be sent."""
        ...

    async def gone(self) -> None:
        """Returns when nothing that is sent arrives any more."""
        ...

    def lose(self, why: Closed = LOST) -> None:
        """Ends it in both directions. Harmless when repeated, and after the end."""
        ...


async def pipe(one: WebSocket, other: WebSocket) -> None:
    """What the one says goes to the other, until both have closed. Cancelling it loses both."""
    ways = {
        asyncio.create_task(_forward(one, other)): one,
        asyncio.create_task(_forward(other, one)): other,
    }
    try:
        done, left = await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
        if left and all(way.result() for way in done):
            await _half_open(ways[done.pop()], *left)
    finally:
        for way in ways:
            way.cancel()
        one.lose()
        other.lose()
        await asyncio.gather(*ways, return_exceptions=True)


async def _half_open(closed: WebSocket, speaking: asyncio.Task[bool]) -> None:
    """One side has closed: the other may go on speaking for a while, as long as it is heard."""
    gone = asyncio.create_task(closed.gone())
    try:
        await asyncio.wait((speaking, gone), timeout=HALF_OPEN, return_when=asyncio.FIRST_COMPLETED)
    finally:
        gone.cancel()


async def _forward(source: WebSocket, target: WebSocket) -> bool:
    """Whether the source has ended well."""
    while isinstance(message := await source.receive(), Message):
        await target.send(message)
    if message.clean:
        await target.close(message.code, message.reason)
    else:
        target.lose(message)
    return message.clean
