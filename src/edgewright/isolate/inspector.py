"""The way from the gateway to an isolate's inspector, for DevTools in `dev`.

The engine's inspector listens on TCP and asks nobody who he is. Inside the cage it listens in the
process's own network, where there is nobody else. So the gateway, which has a socket to each
isolate's Inspector, hands over one end of a connection there, and what comes out of it is passed to
the inspector and back: byte by byte, whatever it is.
"""

from __future__ import annotations

import contextlib
import itertools
import random
import select
import socket
import sys
import threading

_FIRST_PORT = 1025
_RECEIVE = 1 << 16

Address = tuple[str, int]


class Addresses:
    """Where inspectors listen: `alone`, in a network that nobody else is in, in turn; otherwise
    where nobody would look for them, as the machine's browsers can reach them."""

    def __init__(self, *, alone: bool) -> None:
        self._alone = alone
        self._ports = itertools.count(_FIRST_PORT)

    def next(self) -> Address:
        if self._alone:
            return "127.0.0.1", next(self._ports)
        host = "127.0.0.1"
        if sys.platform == "linux":  # all of 127.0.0.0/8 is this machine
            host = ".".join(str(random.SystemRandom().randrange(1, 255)) for _ in range(3))
            host = f"127.{host}"
        with socket.socket() as free:
            free.bind((host, 0))
            return host, free.getsockname()[1]


class Inspector:
    """Passes connections on to the inspector at `address`, until the gateway closes `control`."""

    def __init__(self, control: socket.socket, address: Address) -> None:
        self.sessions = 0
        """How many debuggers there are: while there are any, no limit holds."""
        self._control = control
        self._address = address
        control.setblocking(True)
        threading.Thread(target=self._run, daemon=True).start()

    def _run(self) -> None:
        with self._control, contextlib.suppress(OSError):
            while True:
                data, descriptors, _, _ = socket.recv_fds(self._control, 1, 1)
                if not data:
                    return
                connection = socket.socket(fileno=descriptors[0])
                self.sessions += 1
                threading.Thread(target=self._session, args=(connection,), daemon=True).start()

    def _session(self, connection: socket.socket) -> None:
        try:
            with connection, contextlib.suppress(OSError):
                connection.setblocking(True)
                with socket.socket() as inspector:
                    inspector.connect(self._address)
                    _pass_on(connection, inspector)
        finally:
            self.sessions -= 1


def _pass_on(one: socket.socket, other: socket.socket) -> None:
    """Until either is closed."""
    ready = select.poll()
    ready.register(one, select.POLLIN)
    ready.register(other, select.POLLIN)
    while True:
        for descriptor, _ in ready.poll():
            source, target = (one, other) if descriptor == one.fileno() else (other, one)
            data = source.recv(_RECEIVE)
            if not data:
                return
            target.sendall(data)
