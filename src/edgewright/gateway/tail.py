"""The tail socket of a gateway: who connects gets a line of JSON for each finished request.

A Unix socket in a folder that is the user's alone; its name is the gateway's process id. A client
says a TailFilter first. One that reads too slowly misses events, and is told how many.
"""

from __future__ import annotations

import asyncio
import os
from contextlib import AbstractAsyncContextManager
from pathlib import Path

import msgspec

from edgewright.gateway.user_socket import listening, user_folder
from edgewright.observe.records import LogLine, RequestRecord
from edgewright.observe.tail_event import tail_event
from edgewright.observe.tail_filter import TailFilter
from edgewright.observe.trace import Tracing

MOST_WAITING = 4 << 20
"""Bytes that a client may leave unread."""

MOST_CLIENTS = 16
_LONGEST_FILTER = 64 * 1024


def tail_folder() -> Path:
    """Where the sockets are. Raises UserSocketError."""
    return user_folder("tail")


class TailServer:
    """An Observer that passes requests on to whoever tails. While somebody does, requests are
    traced."""

    def __init__(self, tracing: Tracing) -> None:
        self._tracing = tracing
        self._clients: dict[asyncio.StreamWriter, TailFilter] = {}
        self._missed: dict[asyncio.StreamWriter, int] = {}
        self.dropped = 0
        """Events that clients were too slow for."""

    def listening(self) -> AbstractAsyncContextManager[None]:
        """Raises UserSocketError, also when it is entered."""
        path = tail_folder() / f"{os.getpid()}.sock"
        return listening(path, self._serve, limit=_LONGEST_FILTER)

    def request_finished(self, record: RequestRecord) -> None:
        if not self._clients or record.trace is None:
            return
        wanting = [writer for writer, each in self._clients.items() if each.wants(record.trace)]
        if not wanting:
            return
        line = msgspec.json.encode(tail_event(record.trace)) + b"\n"
        for writer in wanting:
            self._send(writer, line)

    def logged(self, line: LogLine) -> None: ...

    def _send(self, writer: asyncio.StreamWriter, line: bytes) -> None:
        if writer.transport.get_write_buffer_size() > MOST_WAITING:
            self._missed[writer] = self._missed.get(writer, 0) + 1
            self.dropped += 1
            return
        if missed := self._missed.pop(writer, 0):
            writer.write(b'{"missed":%d}\n' % missed)
        writer.write(line)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            if len(self._clients) >= MOST_CLIENTS:
                return
            chosen = msgspec.json.decode(await reader.readline(), type=TailFilter)
            self._clients[writer] = chosen
            self._tracing.listeners += 1
            writer.write(b"{}\n")  # from here on
            await reader.read()
        except (OSError, ValueError):
            return
        finally:
            if self._clients.pop(writer, None) is not None:
                self._tracing.listeners -= 1
            self._missed.pop(writer, None)
