"""A client's end of a WebSocket that a Worker has answered with, for programs in Python."""

from __future__ import annotations

from types import TracebackType
from typing import Self

from edgewright.websocket import socket


class WebSocketClosed(Exception):
    """Nothing more comes."""

    def __init__(self, code: int, reason: str) -> None:
        super().__init__(f"{code} {reason}".rstrip())
        self.code = code
        """1005 where none was said, 1006 where the connection was lost (RFC 6455 §7.4.1)."""
        self.reason = reason


class WebSocket:
    """What `Response.websocket` is when a Worker answers with one.

        response = await worker.fetch("http://w.test/", headers={"upgrade": "websocket"})
        async with response.websocket as client:
            await client.send("hello")
            print(await client.receive())

    The Worker's request lives until it is closed.
    """

    def __init__(self, worker: socket.WebSocket) -> None:
        self._worker = worker

    async def send(self, message: str | bytes) -> None:
        """Returns when the Worker can take more."""
        text = isinstance(message, str)
        data = message.encode() if isinstance(message, str) else message
        await self._worker.send(socket.Message(data, text, outside=True))

    async def receive(self) -> str | bytes:
        """The next message. Raises WebSocketClosed when the Worker has closed its side."""
        message = await self._worker.receive()
        if isinstance(message, socket.Closed):
            raise WebSocketClosed(message.code, message.reason)
        return message.data.decode() if message.text else message.data

    async def close(self, code: int = 1000, reason: str = "") -> None:
        """Says that nothing more will be sent; the Worker may still say something."""
        await self._worker.close(code, reason)

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> str | bytes:
        try:
            return await self.receive()
        except WebSocketClosed:
            raise StopAsyncIteration from None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self.close()
        self._worker.lose(socket.Closed(socket.GOING_AWAY))
