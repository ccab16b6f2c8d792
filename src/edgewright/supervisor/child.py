"""One gateway process, seen from the supervisor."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import socket
import sys
import time
from dataclasses import dataclass

import msgspec

from edgewright.gateway.control import (
    MAX_LINE,
    Failed,
    GatewaySettings,
    Ready,
    Stop,
    decode_answer,
    encode,
)


@dataclass(slots=True)
class Child:
    process: asyncio.subprocess.Process
    started: float
    _reader: asyncio.StreamReader
    _writer: asyncio.StreamWriter

    @classmethod
    async def start(cls, settings: GatewaySettings) -> Child:
        """Raises OSError."""
        ours, theirs = socket.socketpair()
        with theirs:
            process = await asyncio.create_subprocess_exec(
                sys.executable,
                # Not from the current directory: a file there may be called like a module.
                "-P",
                "-m",
                "edgewright.gateway",
                str(theirs.fileno()),
                pass_fds=(theirs.fileno(), settings.listener_fd),
                stdin=asyncio.subprocess.DEVNULL,
                # Ctrl-C reaches all processes of the terminal's group; it is for us alone.
                process_group=0,
            )
        reader, writer = await asyncio.open_unix_connection(sock=ours, limit=MAX_LINE)
        writer.write(encode(settings))
        return cls(process, time.monotonic(), reader, writer)

    async def answer(self) -> Ready | Failed:
        """Whether it could start; also when it died without a word."""
        try:
            return decode_answer(await self._reader.readline())
        except (OSError, ValueError, msgspec.DecodeError):
            code = await self.process.wait()
            return Failed(f"a gateway process {how_it_ended(code)} before it was ready")

    def stop(self) -> None:
        """Asks it to drain and exit."""
        with contextlib.suppress(OSError):
            self._writer.write(encode(Stop()))

    def kill(self) -> None:
        if self.process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.process.pid, signal.SIGKILL)

    async def ended(self) -> int:
        """Its return code, once there is one, and it is no more."""
        code = await self.process.wait()
        self._writer.close()
        return code


def how_it_ended(code: int) -> str:
    """For the log: `exited with code 1`, `was ended by SIGKILL`."""
    if code >= 0:
        return f"exited with code {code}"
    try:
        return f"was ended by {signal.Signals(-code).name}"
    except ValueError:
        return f"was ended by signal {-code}"
