"""Unix sockets on which other processes of its user talk to a gateway: `tail`, the admin port."""

from __future__ import annotations

import asyncio
import contextlib
import os
import stat
from collections.abc import AsyncGenerator, Awaitable, Callable
from pathlib import Path

import platformdirs

Serve = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


class UserSocketError(Exception):
    """There can be no such socket; the message is for the person."""


def user_folder(name: str) -> Path:
    """A folder for sockets that is the user's alone. Raises UserSocketError when somebody else
    could be in it."""
    # platformdirs would fall back to a folder in /tmp, whose name anybody may have taken.
    runtime = os.environ.get("XDG_RUNTIME_DIR")
    base = Path(runtime) / "edgewright" if runtime else platformdirs.user_state_path("edgewright")
    folder = base / name
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        status = folder.lstat()
    except OSError as error:
        raise UserSocketError(f"cannot use {folder}: {error.strerror}") from error
    if not stat.S_ISDIR(status.st_mode) or status.st_uid != os.getuid() or status.st_mode & 0o077:
        raise UserSocketError(f"{folder} is not a folder that only you can enter")
    return folder


@contextlib.asynccontextmanager
async def listening(path: Path, serve: Serve, *, limit: int) -> AsyncGenerator[None]:
    """Serves each client until `serve` returns or this ends, and hangs up then. `limit` bounds the
    bytes of a line. Raises UserSocketError."""
    clients: set[asyncio.StreamWriter] = set()

    async def client(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        clients.add(writer)
        try:
            await serve(reader, writer)
        finally:
            clients.discard(writer)
            with contextlib.suppress(OSError):
                writer.close()

    try:
        _remove(path)
        server = await asyncio.start_unix_server(client, path, limit=limit)
    except (OSError, ValueError) as error:
        raise UserSocketError(f"cannot listen on {path}: {error}") from error
    try:
        yield
    finally:
        server.close()
        for writer in list(clients):
            writer.close()
        _remove(path)


def _remove(path: Path) -> None:
    path.unlink(missing_ok=True)
