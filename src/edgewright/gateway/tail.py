"""The tail socket of a gateway: who connects gets a line of JSON for each finished request.

A Unix socket in a folder that is the user's alone; its name is the gateway's process id. A client
says a TailFilter first. One that reads too slowly misses events, and is told how many.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import stat
from pathlib import Path
from types import TracebackType
from typing import Self

import msgspec
import platformdirs

from edgewright.observe.records import LogLine, RequestRecord
from edgewright.observe.tail_event import tail_event
from edgewright.observe.tail_filter import TailFilter
from edgewright.observe.trace import Tracing

MOST_WAITING = 4 << 20
"""Bytes that a client may leave unread."""

MOST_CLIENTS = 16
_LONGEST_FILTER = 64 * 1024


class TailError(Exception):
    """There can be no tail socket; the message is for the person."""


def tail_folder() -> Path:
    """Where the sockets are. Raises TailError."""
    return user_folder("tail")


def user_folder(name: str) -> Path:
    """A folder for sockets that is the user's alone. Raises TailError when somebody else could be
    in it."""
    # platformdirs would fall back to a folder in /tmp, whose name anybody may have taken.
    runtime = os.environ.get("XDG_RUNTIME_DIR")
    base = Path(runtime) / "edgewright" if runtime else platformdirs.user_state_path("edgewright")
    folder = base / name
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        status = folder.lstat()
    except OSError as error:
        raise TailError(f"cannot use {folder}: {error.strerror}") from error
    if not stat.S_ISDIR(status.st_mode) or status.st_uid != os.getuid() or status.st_mode & 0o077:
        raise TailError(f"{folder} is not a folder that only you can enter")
    return folder


class TailServer:
    """An Observer that passes requests on to whoever tails. While somebody does, requests are
    traced."""

    def __init__(self, tracing: Tracing) -> None:
        self._tracing = tracing
        self._clients: dict[asyncio.StreamWriter, TailFilter] = {}
        self._missed: dict[asyncio.StreamWriter, int] = {}
        self.dropped = 0
        """Events that clients were too slow for."""
        self._server: asyncio.Server | None = None
        self._path: Path | None = None

    async def __aenter__(self) -> Self:
        """Raises TailError."""
        path = tail_folder() / f"{os.getpid()}.sock"
        try:
            path.unlink(missing_ok=True)
            self._server = await asyncio.start_unix_server(self._serve, path, limit=_LONGEST_FILTER)
        except (OSError, ValueError) as error:
            raise TailError(f"cannot listen on {path}: {error}") from error
        self._path = path
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self._server is not None:
            self._server.close()
        for writer in list(self._clients):
            writer.close()
        if self._path is not None:
            self._path.unlink(missing_ok=True)

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
        except (OSError, ValueError, msgspec.DecodeError):
            return
        finally:
            if self._clients.pop(writer, None) is not None:
                self._tracing.listeners -= 1
            self._missed.pop(writer, None)
            with contextlib.suppress(OSError):
                writer.close()
