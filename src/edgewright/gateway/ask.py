"""The ask socket of a gateway: the admin port and `edgewright trace` ask it what it knows.

A Unix socket beside the tail sockets, named after the server's node and the gateway's process. A
client sends asks, a line of JSON each, and gets a line for each: figures, requests, one request.
After Watch come the requests that end from then on; nothing else can be asked on that connection.
"""

from __future__ import annotations

import asyncio
import os
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Self

import msgspec

from edgewright.gateway.user_socket import listening, user_folder
from edgewright.observe.figures import FigureKeeper, GatewayFigures
from edgewright.observe.recent import Kept, Recent, RequestFilter
from edgewright.observe.views import RequestDetail, RequestSummary

MOST_WAITING = 1 << 20
"""Bytes that one who watches may leave unread; what comes then is left out."""

MOST_CLIENTS = 64
MOST_REQUESTS = 500
"""In one answer."""

_LONGEST_ASK = 64 * 1024
LONGEST_ANSWER = 256 << 20


class AskFigures(msgspec.Struct, frozen=True, tag="figures"):
    """The answer is GatewayFigures."""


class AskRequests(msgspec.Struct, frozen=True, kw_only=True, tag="requests"):
    """The answer is a list of RequestSummary, newest first, each with the time that `before` goes
    by: when it ended."""

    wanted: RequestFilter = RequestFilter()
    before: float | None = None
    limit: int = 50


class AskRequest(msgspec.Struct, frozen=True, kw_only=True, tag="request"):
    """By its id, ray or trace's id. The answer is a RequestDetail, or null."""

    id: str


class Watch(msgspec.Struct, frozen=True, kw_only=True, tag="watch"):
    """The answers are RequestSummary, as requests end."""

    wanted: RequestFilter = RequestFilter()


Ask = AskFigures | AskRequests | AskRequest | Watch
Listed = tuple[float, RequestSummary]
"""When it ended, and the rest."""


def ask_folder() -> Path:
    """Where the sockets are. Raises UserSocketError."""
    return user_folder("ask")


class AskServer:
    """Answers what clients ask, of what the two observers have kept."""

    def __init__(self, node: str, figures: FigureKeeper, recent: Recent) -> None:
        self._node = node
        self._figures = figures
        self._recent = recent
        self._clients = 0

    def listening(self) -> AbstractAsyncContextManager[None]:
        """Raises UserSocketError, also when it is entered."""
        path = ask_folder() / f"{self._node}-{os.getpid()}.sock"
        return listening(path, self._serve, limit=_LONGEST_ASK)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self._clients >= MOST_CLIENTS:
            return
        self._clients += 1
        try:
            while line := await reader.readline():
                ask = msgspec.json.decode(line, type=Ask)
                if isinstance(ask, Watch):
                    await self._watch(ask, reader, writer)
                    return
                writer.write(await self._answer(ask) + b"\n")
                await writer.drain()
        # The last is what msgspec says of JSON that is nested too deep.
        except (OSError, ValueError, RecursionError):
            return
        finally:
            self._clients -= 1

    async def _answer(self, ask: AskFigures | AskRequests | AskRequest) -> bytes:
        if isinstance(ask, AskFigures):
            return msgspec.json.encode(self._figures.figures())
        # A request with thousands of spans takes long to be told; requests must not wait for that.
        return await asyncio.to_thread(self._tell, ask)

    def _tell(self, ask: AskRequests | AskRequest) -> bytes:
        if isinstance(ask, AskRequest):
            kept = self._recent.find(ask.id)
            return msgspec.json.encode(None if kept is None else kept.detail())
        limit = max(0, min(ask.limit, MOST_REQUESTS))
        found = self._recent.newest(ask.wanted, before=ask.before, limit=limit)
        return msgspec.json.encode([(kept.time, kept.summary()) for kept in found])

    async def _watch(
        self, ask: Watch, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        def tell(kept: Kept) -> None:
            full = writer.transport.get_write_buffer_size() > MOST_WAITING
            if not full and ask.wanted.wants(kept):
                writer.write(msgspec.json.encode(kept.summary()) + b"\n")

        self._recent.listeners.add(tell)
        try:
            await reader.read()
        finally:
            self._recent.listeners.discard(tell)


class AskClient:
    """One gateway, as who asks it sees it. Everything raises OSError once it is gone."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer
        self._turn = asyncio.Lock()

    @classmethod
    async def open(cls, path: Path) -> Self:
        return cls(*await asyncio.open_unix_connection(path, limit=LONGEST_ANSWER))

    async def figures(self) -> GatewayFigures:
        return msgspec.json.decode(await self._ask(AskFigures()), type=GatewayFigures)

    async def requests(self, ask: AskRequests) -> list[Listed]:
        return msgspec.json.decode(await self._ask(ask), type=list[Listed])

    async def request(self, id: str) -> RequestDetail | None:
        answer = await self._ask(AskRequest(id=id))
        return msgspec.json.decode(answer, type=RequestDetail | None)

    async def watch(self, wanted: RequestFilter) -> None:
        """From now on, next_watched() gives the requests that end."""
        self._writer.write(msgspec.json.encode(Watch(wanted=wanted)) + b"\n")
        await self._writer.drain()

    async def next_watched(self) -> bytes:
        """JSON of a RequestSummary."""
        return (await self._line()).rstrip()

    def close(self) -> None:
        self._writer.close()

    async def _ask(self, ask: Ask) -> bytes:
        async with self._turn:
            self._writer.write(msgspec.json.encode(ask) + b"\n")
            return await self._line()

    async def _line(self) -> bytes:
        try:
            line = await self._reader.readline()
        except ValueError as error:
            raise OSError("its answer is too long") from error
        if not line:
            raise ConnectionResetError("it is gone")
        return line
