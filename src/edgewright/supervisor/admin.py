"""The admin port, as the supervisor has it: bound from the start, and behind it a process that is
started when it is needed, and again when it has died.

In serve it is needed at once, as it keeps what gateways had counted that are no more. In dev, where
it is there without having been asked for, only once somebody opens it.
"""

from __future__ import annotations

import asyncio
import contextlib
import ipaddress
import secrets
import socket
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from edgewright.admin.settings import AdminSettings, GatewayRestarts, encode
from edgewright.gateway.ask import ask_folder
from edgewright.gateway.user_socket import UserSocketError
from edgewright.supervisor.child import how_it_ended
from edgewright.supervisor.listener import ListenError, listen, url_of

SHORTEST_TOKEN = 16
"""Characters: it can be tried as often as the network allows."""

DEFAULT_PORT = 8788

_QUICK = 5.0
_PAUSE = 5.0
"""Seconds between the end of a process that lived for a shorter time than the first, and the next
one's start."""

_GRACE = 3.0
"""Seconds that the process has to end."""


class AdminError(Exception):
    """There can be no admin port like that; the message is for the person."""


@dataclass(frozen=True, slots=True)
class AdminAddress:
    """Where the admin port is to be."""

    host: str = "127.0.0.1"
    port: int = DEFAULT_PORT
    token: str | None = None
    insist: bool = True
    """Another port will not do where this one is taken."""

    def check(self) -> None:
        """Raises AdminError."""
        if self.token is not None and len(self.token) < SHORTEST_TOKEN:
            raise AdminError(
                f"the admin port's token is too short: it needs {SHORTEST_TOKEN} characters; "
                f"`openssl rand -hex 16` makes one"
            )
        if self.token is None and not self.is_loopback:
            raise AdminError(
                f"--admin {self.host}:{self.port} can be reached from other machines, so it needs "
                "a token: set EDGEWRIGHT_ADMIN_TOKEN, as to what `openssl rand -hex 16` gives"
            )

    @property
    def is_loopback(self) -> bool:
        name = self.host.removeprefix("[").removesuffix("]")
        if name == "localhost":
            return True
        try:
            return ipaddress.ip_address(name).is_loopback
        except ValueError:
            return False

    def listen(self) -> socket.socket:
        """Raises AdminError."""
        try:
            ask_folder()
            return listen(self.host, self.port, option="--admin")
        except UserSocketError as error:
            raise AdminError(f"there can be no admin port: {error}") from error
        except ListenError as error:
            if self.insist:
                raise AdminError(str(error)) from error
        try:
            return listen(self.host, 0, option="--admin")
        except ListenError as error:
            raise AdminError(str(error)) from error


class AdminPort:
    """The port and its process. `tls` are a certificate and its key, for what leaves the
    machine."""

    def __init__(
        self, address: AdminAddress, *, dev: bool, tls: tuple[Path, Path] | None = None
    ) -> None:
        """Raises AdminError."""
        address.check()
        self._address = address
        self._dev = dev
        self._tls = None if address.is_loopback else tls
        self._started = time.time()
        self._restarts = 0
        self._control: asyncio.StreamWriter | None = None
        self._listener = address.listen()
        self.node = secrets.token_hex(4)
        """What the gateways' ask sockets are named after."""

    @property
    def port(self) -> int:
        return self._listener.getsockname()[1]

    @property
    def url(self) -> str:
        return url_of(self._listener, tls=self._tls is not None)

    @property
    def is_open(self) -> bool:
        """Whether the token crosses a network for all to see."""
        return self._tls is None and not self._address.is_loopback

    def gateway_restarted(self) -> None:
        self._restarts += 1
        if self._control is not None:
            self._control.write(encode(GatewayRestarts(self._restarts)))

    async def run(self) -> None:
        """Keeps a process behind the port, until it is cancelled."""
        lazy = self._dev
        while True:
            if lazy:
                await self._asked()
            began = time.monotonic()
            process = await self._start()
            try:
                code = await process.wait()
            finally:
                await self._end(process)
            lazy = True
            print(
                f"edgewright: the admin port's process {how_it_ended(code)}",
                file=sys.stderr,
                flush=True,
            )
            if time.monotonic() - began < _QUICK:
                await asyncio.sleep(_PAUSE)

    def close(self) -> None:
        self._listener.close()

    async def _asked(self) -> None:
        """Until somebody connects."""
        loop = asyncio.get_running_loop()
        asked = asyncio.Event()
        loop.add_reader(self._listener, asked.set)
        try:
            await asked.wait()
        finally:
            loop.remove_reader(self._listener)

    async def _start(self) -> asyncio.subprocess.Process:
        ours, theirs = socket.socketpair()
        with theirs:
            process = await asyncio.create_subprocess_exec(
                sys.executable,
                "-P",  # not from the current directory: see Child.start
                "-m",
                "edgewright.admin",
                str(theirs.fileno()),
                pass_fds=(theirs.fileno(), self._listener.fileno()),
                stdin=asyncio.subprocess.DEVNULL,
                process_group=0,
            )
        _, self._control = await asyncio.open_unix_connection(sock=ours)
        self._control.write(
            encode(
                AdminSettings(
                    node=self.node,
                    listener_fd=self._listener.fileno(),
                    token=self._address.token,
                    dev=self._dev,
                    started=self._started,
                    gateway_restarts=self._restarts,
                    tls_cert=None if self._tls is None else str(self._tls[0]),
                    tls_key=None if self._tls is None else str(self._tls[1]),
                )
            )
        )
        return process

    async def _end(self, process: asyncio.subprocess.Process) -> None:
        if self._control is not None:
            self._control.close()
            self._control = None
        if process.returncode is None:
            try:
                await asyncio.wait_for(process.wait(), _GRACE)
            except (TimeoutError, asyncio.CancelledError):
                with contextlib.suppress(ProcessLookupError):
                    process.kill()
                await process.wait()
