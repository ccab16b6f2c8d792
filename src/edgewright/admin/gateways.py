"""The gateways of a server, asked again and again what they have counted.

What a gateway had counted when it ended is kept, so that sums only grow; what it counted after it
was last asked is lost.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import TypeVar

from edgewright.admin.sums import Sums
from edgewright.gateway.ask import AskClient, AskRequests, Listed
from edgewright.observe.figures import GatewayFigures
from edgewright.observe.recent import RequestFilter
from edgewright.observe.views import RequestDetail

ASK_EVERY = 1.0
"""Seconds."""

PATIENCE = 5.0
"""Seconds that a gateway has to answer: it may be busy, but not dead."""

MOST_WAITING = 1000
"""Requests that one who watches may be behind."""

_T = TypeVar("_T")


class Gateways:
    """Those whose sockets are in `folder` and begin with `node`. `on_figures` is told when all have
    been asked."""

    def __init__(self, folder: Path, node: str, on_figures: Callable[[], None]) -> None:
        self._folder = folder
        self._node = node
        self._on_figures = on_figures
        self._clients: dict[Path, AskClient] = {}
        self._figures: dict[Path, GatewayFigures] = {}
        self._ended = Sums()
        """What those had counted that are no more."""

    @property
    def figures(self) -> list[GatewayFigures]:
        """The last of each gateway that there is."""
        return list(self._figures.values())

    def sums(self) -> Sums:
        """Of all gateways that there are and were."""
        total = self._ended.copy()
        for figures in self._figures.values():
            total.add(figures)
        return total

    async def run(self) -> None:
        """Asks them, for ever."""
        while True:
            await self.look()
            await asyncio.sleep(ASK_EVERY)

    async def look(self) -> None:
        """Asks each what it has counted."""
        paths = self._paths()
        for path in paths:
            if path not in self._clients:
                with contextlib.suppress(OSError):
                    self._clients[path] = await AskClient.open(path)
        await asyncio.gather(*(self._ask_figures(path) for path in list(self._clients)))
        for path in self._figures.keys() - self._clients.keys() - set(paths):
            self._ended.add(self._figures.pop(path))
        self._on_figures()

    async def requests(self, ask: AskRequests) -> list[Listed]:
        """Of all gateways, newest first."""
        pages = await self._ask_all(lambda client: client.requests(ask))
        found = sorted((each for page in pages for each in page), key=lambda each: -each[0])
        return found[: ask.limit]

    async def request(self, id: str) -> RequestDetail | None:
        """The one that has it. Of a trace's requests, the first that came."""
        answers = await self._ask_all(lambda client: client.request(id))
        found = [answer for answer in answers if answer is not None]
        return min(found, key=lambda each: each.request.time, default=None)

    async def watch(self, wanted: RequestFilter) -> AsyncIterator[bytes | None]:
        """JSON of each request that ends from now on, and None where there has been none for a
        while. Who is too slow misses some."""
        queue: asyncio.Queue[bytes] = asyncio.Queue(MOST_WAITING)
        following: dict[Path, asyncio.Task[None]] = {}
        try:
            while True:
                for path in self._paths():
                    if path not in following or following[path].done():
                        following[path] = asyncio.create_task(_follow(path, wanted, queue))
                try:
                    yield await asyncio.wait_for(queue.get(), PATIENCE)
                except TimeoutError:
                    yield None
        finally:
            for task in following.values():
                task.cancel()
            await asyncio.gather(*following.values(), return_exceptions=True)

    def close(self) -> None:
        for client in self._clients.values():
            client.close()

    def _paths(self) -> list[Path]:
        return sorted(self._folder.glob(f"{self._node}-*.sock"))

    async def _ask_figures(self, path: Path) -> None:
        try:
            async with asyncio.timeout(PATIENCE):
                self._figures[path] = await self._clients[path].figures()
        except TimeoutError:
            self._drop(path)  # its answer would be taken for the next one's; its figures stay
        except OSError:
            self._drop(path)
            with contextlib.suppress(OSError):
                os.unlink(path)  # left by one that was killed

    async def _ask_all(self, ask: Callable[[AskClient], Awaitable[_T]]) -> list[_T]:
        """What those say that answer, each asked on a connection of its own."""
        answers: list[_T] = []

        async def one(path: Path) -> None:
            try:
                async with asyncio.timeout(PATIENCE):
                    client = await AskClient.open(path)
                    try:
                        answers.append(await ask(client))
                    finally:
                        client.close()
            except OSError:
                return  # TimeoutError is one

        await asyncio.gather(*map(one, self._paths()))
        return answers

    def _drop(self, path: Path) -> None:
        if (client := self._clients.pop(path, None)) is not None:
            client.close()


async def _follow(path: Path, wanted: RequestFilter, queue: asyncio.Queue[bytes]) -> None:
    with contextlib.suppress(OSError):
        client = await AskClient.open(path)
        try:
            await client.watch(wanted)
            while True:
                line = await client.next_watched()
                with contextlib.suppress(asyncio.QueueFull):
                    queue.put_nowait(line)
        finally:
            client.close()
