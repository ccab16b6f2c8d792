"""A client of the Chrome DevTools Protocol, as a front-end would be one."""

from __future__ import annotations

import asyncio
import json
from types import TracebackType
from typing import Any, Self

from websockets.asyncio.client import ClientConnection, connect

PATIENCE = 20.0


class DevTools:
    """At a WebSocket's URL, as a context manager."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._socket: ClientConnection | None = None
        self._reading: asyncio.Task[None] | None = None
        self._answers: dict[int, asyncio.Future[dict[str, Any]]] = {}
        self._changed = asyncio.Condition()
        self.events: list[tuple[str, dict[str, Any]]] = []

    async def __aenter__(self) -> Self:
        self._socket = await connect(self._url, max_size=None, proxy=None)
        self._reading = asyncio.create_task(self._read(self._socket))
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        assert self._socket is not None
        assert self._reading is not None
        await self._socket.close()
        await self._reading

    async def call(self, method: str, **parameters: Any) -> dict[str, Any]:
        """The whole answer."""
        assert self._socket is not None
        number = len(self._answers) + 1
        self._answers[number] = asyncio.get_running_loop().create_future()
        command = {"id": number, "method": method, "params": parameters}
        await self._socket.send(json.dumps(command))
        return await asyncio.wait_for(self._answers[number], PATIENCE)

    async def ask(self, method: str, **parameters: Any) -> dict[str, Any]:
        """The result."""
        answer = await self.call(method, **parameters)
        assert "error" not in answer, answer
        return answer["result"]

    async def event(self, method: str, *, number: int = 1, **fields: Any) -> dict[str, Any]:
        """Waits for the nth event of a name, with such parameters."""

        def found() -> list[dict[str, Any]]:
            return [
                parameters
                for name, parameters in self.events
                if name == method and fields.items() <= parameters.items()
            ]

        async with asyncio.timeout(PATIENCE), self._changed:
            await self._changed.wait_for(lambda: len(found()) >= number)
        return found()[number - 1]

    async def _read(self, socket: ClientConnection) -> None:
        async for data in socket:
            message = json.loads(data)
            if "id" in message:
                self._answers[message["id"]].set_result(message)
                continue
            async with self._changed:
                self.events.append((message["method"], message["params"]))
                self._changed.notify_all()
