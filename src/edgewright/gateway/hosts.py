"""Isolate host processes, seen from the gateway: starting them and getting isolates from them."""

from __future__ import annotations

import asyncio
import os
import socket
import sys
from dataclasses import dataclass, field

ISOLATES_PER_HOST = 64
"""A host that dies takes its isolates along; one that is shared costs less memory."""

PREPARE_AT = 48
"""Isolates in a host at which the next host is started, so that nobody has to wait for it."""

_START_TIMEOUT = 30.0


class HostError(Exception):
    """A host process could not be started."""


@dataclass(slots=True)
class Host:
    """One host process."""

    process: asyncio.subprocess.Process
    control: socket.socket
    isolates: int = 0
    """How many it was given that have not ended."""

    @property
    def alive(self) -> bool:
        return self.process.returncode is None

    def send_isolate(self, connection: socket.socket) -> None:
        """Gives the host the other end of an isolate's connection. Raises OSError."""
        socket.send_fds(self.control, [b"i"], [connection.fileno()])
        self.isolates += 1


@dataclass(slots=True)
class HostPool:
    """Starts hosts as they are needed and ends them all."""

    hosts: list[Host] = field(default_factory=list[Host])
    _starting: asyncio.Lock = field(default_factory=asyncio.Lock)
    _preparing: asyncio.Task[None] | None = None
    _closed: bool = False

    async def open_isolate(self) -> tuple[Host, socket.socket]:
        """A connection to an isolate that nobody has used. Raises HostError."""
        while True:
            host = await self.warm()
            ours, theirs = socket.socketpair()
            with theirs:
                try:
                    host.send_isolate(theirs)
                except OSError:  # it died a moment ago
                    ours.close()
                    await self._bury(host)
                    continue
            ours.setblocking(False)
            if host.isolates == PREPARE_AT and self._preparing is None:
                self._preparing = asyncio.create_task(self._prepare())
            return host, ours

    async def warm(self) -> Host:
        """A running host that has room; starts one where there is none. Raises HostError."""
        async with self._starting:
            if self._closed:
                raise HostError("The gateway is stopping.")
            for host in list(self.hosts):
                if not host.alive:
                    await self._bury(host)
                elif host.isolates < ISOLATES_PER_HOST:
                    return host
            host = await _start_host()
            self.hosts.append(host)
            return host

    async def _prepare(self) -> None:
        """Starts the host that will be needed soon, where none has room but the filling one."""
        try:
            async with self._starting:
                if self._closed or any(host.isolates < PREPARE_AT for host in self.hosts):
                    return
                self.hosts.append(await _start_host())
        except HostError:
            return  # Whoever needs it tries again, and is told.
        finally:
            self._preparing = None

    async def close(self) -> None:
        """Ends all hosts. They hold no state, so there is nothing to wait for."""
        self._closed = True
        async with self._starting:  # One that is starting must not be left behind.
            for host in list(self.hosts):
                await self._bury(host)

    def kill(self, host: Host) -> None:
        """Ends a host, and with it all its isolates."""
        if host in self.hosts:
            self.hosts.remove(host)
        host.control.close()
        if host.alive:
            host.process.kill()

    async def _bury(self, host: Host) -> None:
        self.kill(host)
        await host.process.wait()


async def _start_host() -> Host:
    ours, theirs = socket.socketpair()
    with theirs:
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-I",
            "-m",
            "edgewright.isolate",
            str(theirs.fileno()),
            pass_fds=[theirs.fileno()],
            stdin=asyncio.subprocess.DEVNULL,
            # Ctrl-C goes to the whole terminal: the hosts end when their gateway lets go of them.
            start_new_session=True,
            env=_environment(),
        )
    ours.setblocking(False)
    loop = asyncio.get_running_loop()
    try:
        if not await asyncio.wait_for(loop.sock_recv(ours, 16), _START_TIMEOUT):
            raise ConnectionError("it ended")
    except BaseException as error:
        ours.close()
        if process.returncode is None:
            process.kill()
        if isinstance(error, OSError):  # TimeoutError is one, too
            await process.wait()
            raise HostError("An isolate host did not start; its error is above.") from error
        raise
    return Host(process, ours)


def _environment() -> dict[str, str]:
    """Nothing of the operator's environment is any business of a Worker's process, but for where
    the snapshot is kept."""
    kept = {key: os.environ[key] for key in ("HOME", "XDG_CACHE_HOME") if key in os.environ}
    # glibc gives threads heaps of their own, which costs each isolate 0.3 MB and speeds up nothing:
    # V8 has its own allocator.
    return {**kept, "MALLOC_ARENA_MAX": "1"}
