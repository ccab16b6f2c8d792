"""Isolate host processes, seen from the gateway: starting them and getting isolates from them."""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
import struct
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

import msgspec
import platformdirs

from edgewright.gateway.casualties import Inmates
from edgewright.observe.terminal import printable
from edgewright.protocol.messages import HostReady

Sandbox = Literal["require", "auto", "off"]
"""How a host locks itself in: with all layers or not at all, with those that the machine has, or
not."""

ISOLATES_PER_HOST = 64
"""A host that dies takes its isolates along; one that is shared costs less memory."""

PREPARE_AT = 48
"""Isolates in a host at which the next host is started, so that nobody has to wait for it."""

_IDLE_AFTER = 5
"""Seconds without a frame after which an isolate tidies up, see isolate/tenant.py."""

_LOW_PRIORITY = 10
"""Of 19, which is the least: a tenth of the CPU time where others want all of it."""

_START_TIMEOUT = 30.0

_MAX_READY = 16 * 1024

_MAX_ERRORS = 16 * 1024
"""Bytes of a host's standard error that are passed on."""


class HostError(Exception):
    """A host process could not be started."""


@dataclass(slots=True)
class Host:
    """One host process."""

    process: asyncio.subprocess.Process
    control: socket.socket
    errors: asyncio.Task[None]
    """Passes its standard error on."""
    missing: dict[str, str]
    """Layers of the sandbox that it has to do without, and why."""
    inspected: bool
    """DevTools may look at its isolates."""
    cpu: int | None = None
    """The one that it is bound to."""
    isolates: int = 0
    """How many it was given that have not ended."""
    reserved: str | None = None
    """The one Worker that it is for, where that has ended processes before."""
    inmates: Inmates = field(default_factory=Inmates)
    unneeded: int = 0
    """How often in a row trim() has found no use for it."""

    @property
    def alive(self) -> bool:
        return self.process.returncode is None

    def send_isolate(self, *connections: socket.socket) -> None:
        """Gives the host the other ends of an isolate's connections. Raises OSError."""
        socket.send_fds(self.control, [b"i"], [connection.fileno() for connection in connections])
        self.isolates += 1


@dataclass(slots=True)
class HostPool:
    """Starts hosts as they are needed and ends them all."""

    sandbox: Sandbox = "auto"
    standby: bool = False
    """Whether a host without isolates is to be there at any time, for when another dies."""
    cpus: Sequence[int] = ()
    """Each host is bound to one of these, where there are any: its threads hand each turn to one
    another, and waking one up on another CPU costs more than the turn."""
    inspected: bool = False
    """Whether DevTools are to look at the isolates."""
    hosts: list[Host] = field(default_factory=list[Host])
    starts: int = 0
    deaths: int = 0
    """Of hosts that nobody wanted to end."""
    _starting: asyncio.Lock = field(default_factory=asyncio.Lock)
    _preparing: asyncio.Task[None] | None = None
    _dying: set[asyncio.Task[None]] = field(default_factory=set[asyncio.Task[None]])
    _closed: bool = False

    async def open_isolate(
        self, *, alone: str | None = None, inspector: socket.socket | None = None
    ) -> tuple[Host, socket.socket]:
        """A connection to an isolate that nobody has used; in a process of its own where it is for
        a Worker that is to be `alone`. `inspector` is the host's end of a Link. Raises HostError.
        """
        while True:
            host = await self.warm(alone)
            try:
                ours, theirs = socket.socketpair()
            except OSError as error:  # no file descriptor is left
                raise HostError(f"An isolate could not be connected to: {error}.") from error
            with theirs:
                _limit_waiting(theirs)
                try:
                    host.send_isolate(theirs, *([] if inspector is None else [inspector]))
                except OSError:  # it died a moment ago
                    ours.close()
                    await self._bury(host)
                    continue
            ours.setblocking(False)
            wanted = self.standby or host.isolates == PREPARE_AT
            if wanted and self._preparing is None:
                self._preparing = asyncio.create_task(self._prepare())
            return host, ours

    async def warm(self, alone: str | None = None) -> Host:
        """A running host that has room; starts one where there is none. Raises HostError."""
        # First without the lock: where there is room, nobody has to wait for a start.
        host = self._with_room(alone)
        if host is not None:
            return host
        async with self._starting:
            host = self._with_room(alone)
            # The one that stands by is for the others, who also come first while it starts.
            return await self._start(alone) if host is None else host

    def _with_room(self, alone: str | None) -> Host | None:
        if self._closed:
            raise HostError("The gateway is stopping.")
        for host in list(self.hosts):
            if not host.alive:
                self.kill(host, lost=True)
            elif host.reserved == alone and host.isolates < ISOLATES_PER_HOST:
                return host
        return None

    async def _prepare(self) -> None:
        """Starts the host that will be needed soon, where none has room but the filling one."""
        try:
            async with self._starting:
                if self._closed or any(host.alive for host in self._spare()):
                    return
                await self._start()
        except HostError:
            return  # Whoever needs it tries again, and is told.
        finally:
            self._preparing = None

    async def _start(self, alone: str | None = None) -> Host:
        """Raises HostError."""
        taken = [host.cpu for host in self.hosts]
        cpu = min(self.cpus, key=taken.count, default=None)
        host = await _start_host(
            self.sandbox, cpu, gives_way=alone is not None, inspected=self.inspected
        )
        host.reserved = alone
        self.starts += 1
        self.hosts.append(host)
        return host

    def surplus(self) -> list[Host]:
        """Hosts without isolates, but for one that the next isolates can have."""
        spare = self._spare()
        kept = next((host for host in spare if host.isolates), spare[0] if spare else None)
        return [host for host in self.hosts if not host.isolates and host is not kept]

    def _spare(self) -> list[Host]:
        """Hosts with so much room that no other has to be started."""
        enough = 1 if self.standby else PREPARE_AT
        return [host for host in self.hosts if host.reserved is None and host.isolates < enough]

    def trim(self) -> None:
        """Ends the hosts that were surplus the last time as well."""
        surplus = self.surplus()
        for host in list(self.hosts):
            host.unneeded = host.unneeded + 1 if host in surplus else 0
            if host.unneeded > 1:
                self.kill(host)

    async def close(self) -> None:
        """Ends all hosts. They hold no state, so there is nothing to wait for."""
        self._closed = True
        async with self._starting:  # One that is starting must not be left behind.
            for host in list(self.hosts):
                await self._bury(host)
        await asyncio.gather(*self._dying)

    def kill(self, host: Host, *, lost: bool = False) -> None:
        """Ends a host, and with it all its isolates. `lost`: it is dead already, or no good."""
        if host in self.hosts:
            self.hosts.remove(host)
            self.deaths += lost
        host.control.close()
        if host.alive:
            host.process.kill()
        self._dying.add(host.errors)
        host.errors.add_done_callback(self._dying.discard)

    async def _bury(self, host: Host) -> None:
        self.kill(host)
        await host.process.wait()


async def _start_host(
    sandbox: Sandbox, cpu: int | None, *, gives_way: bool, inspected: bool
) -> Host:
    ours, theirs = socket.socketpair()
    with theirs:
        try:
            process = await asyncio.create_subprocess_exec(
                sys.executable,
                "-I",
                "-m",
                "edgewright.isolate",
                str(theirs.fileno()),
                "open" if sandbox == "off" else "caged",
                str(ISOLATES_PER_HOST),
                platformdirs.user_cache_dir("edgewright"),
                "inspected" if inspected else "plain",
                pass_fds=[theirs.fileno()],
                # Not ours: a terminal can be read, and what is written there can be a command.
                stdin=asyncio.subprocess.DEVNULL,
                stdout=asyncio.subprocess.DEVNULL,
                stderr=asyncio.subprocess.PIPE,
                # Ctrl-C goes to the whole terminal; hosts end when their gateway lets go of them.
                start_new_session=True,
                env=_ENVIRONMENT,
            )
        except BaseException:  # whoever asked for it may be gone
            ours.close()
            raise
    if gives_way:
        # All of its threads are in the group that it leads; by its id it would be one of them.
        with contextlib.suppress(OSError):
            os.setpriority(os.PRIO_PGRP, process.pid, _LOW_PRIORITY)
    errors = asyncio.create_task(_pass_on_errors(process))
    if cpu is not None:
        with contextlib.suppress(OSError):  # it may have ended already, which shows below
            os.sched_setaffinity(process.pid, {cpu})  # before it has any threads
    ours.setblocking(False)
    loop = asyncio.get_running_loop()
    try:
        word = await asyncio.wait_for(loop.sock_recv(ours, _MAX_READY), _START_TIMEOUT)
        if not word:
            raise ConnectionError("it ended")
        ready = msgspec.json.decode(word, type=HostReady)
        if ready.missing and sandbox == "require":
            raise HostError(f"The sandbox is incomplete here: {describe_missing(ready.missing)}.")
    except BaseException as error:
        ours.close()
        if process.returncode is None:
            process.kill()
        if isinstance(error, OSError | HostError):  # TimeoutError is one, too
            await process.wait()
            await errors
        if isinstance(error, OSError):
            raise HostError("An isolate host did not start; its error is above.") from error
        raise
    return Host(process, ours, errors, ready.missing, ready.inspected, cpu)


def describe_missing(missing: dict[str, str]) -> str:
    """Which layers a sandbox does without, for a line to the person."""
    return ", ".join(f"no {name} ({why})" for name, why in missing.items())


async def _pass_on_errors(process: asyncio.subprocess.Process) -> None:
    """Shows what a host says on its standard error, where V8 tells why it gave up. Who broke out of
    V8 may write there as well: no more than so much, and nothing that a terminal obeys."""
    assert process.stderr is not None
    left = _MAX_ERRORS
    while data := await process.stderr.read(4096):
        text = data[:left].decode("utf-8", "replace")
        left -= len(data[:left])
        sys.stderr.write(printable(text))
        sys.stderr.flush()


def _limit_waiting(connection: socket.socket) -> None:
    """The host itself may not; and it costs no system call, as a time-out of Python's would."""
    timeout = struct.pack("ll", _IDLE_AFTER, 0)
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, timeout)


_ENVIRONMENT = {
    # Nothing of the operator's environment is any business of a Worker's process.
    # glibc gives threads heaps of their own, which costs each isolate 0.3 MB and speeds up nothing:
    # V8 has its own allocator.
    "MALLOC_ARENA_MAX": "1",
    # Which V8 would look up in files that it can't read.
    "TZ": "UTC",
}
