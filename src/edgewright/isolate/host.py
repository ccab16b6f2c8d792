"""The isolate host: a process that holds isolates and does nothing but compute.

The gateway hands it a socket per isolate over a control socket. Each isolate has a thread that
reads a frame, runs a turn and writes a frame: blocking, because a hop through an event loop would
cost more than the turn. A few spare isolates are kept started, so that a cold start is only the
evaluation of the Worker's own modules.

Before the first isolate starts, and with it the first thread, the process locks itself in (see
`sandbox`). From then on it can't read a file: what it may ever need is loaded by then.
"""

from __future__ import annotations

import importlib
import os
import pkgutil
import queue
import socket
import sys
import threading
import time
import traceback
from pathlib import Path

import msgspec

import edgewright.isolate
from edgewright.isolate.engine import Isolate
from edgewright.isolate.inspector import Address, Addresses, Inspector
from edgewright.isolate.natives.registry import registry
from edgewright.isolate.sandbox import close_cage
from edgewright.isolate.sandbox.rlimits import data_bytes
from edgewright.isolate.snapshot import load_snapshot
from edgewright.isolate.stopwatch import Watch
from edgewright.isolate.tenant import Line, Tenant
from edgewright.protocol.messages import HostReady

SPARES = 3
"""Isolates that are started and wait for a Worker."""

SPARE_DELAY = 0.05
"""Seconds to wait before a used spare is replaced, so that it doesn't slow the start it served."""

HEAP_BYTES = 128 << 20
START_TIMEOUT = 10.0
"""Seconds on the clock that a Worker's modules may take. (The watch looks at the CPU time.)"""

threading.stack_size(512 << 10)


def main() -> None:
    """Runs until the gateway closes the control socket, given as a file descriptor in argv; after
    it come "caged" or "open", how many isolates it may be asked for at a time, the folder where
    the snapshot is kept, and "inspected" or "plain": whether DevTools may look at its isolates."""
    control = socket.socket(fileno=int(sys.argv[1]))
    _close_all_but(control.fileno())
    snapshot = load_snapshot(Path(sys.argv[4]))
    _load_all_modules()
    memory = data_bytes(int(sys.argv[3]) + SPARES)
    caged, inspected = sys.argv[2] == "caged", sys.argv[5] == "inspected"
    missing = close_cage(memory, loopback=inspected) if caged else {}
    inspected = inspected and "namespaces" not in missing
    addresses = Addresses(alone=caged) if inspected else None
    watch = Watch()
    waiting: queue.SimpleQueue[list[socket.socket]] = queue.SimpleQueue()

    started = threading.Event()

    def start_spare() -> None:
        address = None if addresses is None else addresses.next()
        threading.Thread(
            target=_isolate, args=(snapshot, waiting, started, watch, address), daemon=True
        ).start()

    for _ in range(SPARES):
        start_spare()
    started.wait()
    control.send(msgspec.json.encode(HostReady(missing, inspected)))
    due: list[float] = []
    while True:
        control.settimeout(max(0.0, due[0] - time.monotonic()) if due else None)
        try:
            connections = _receive_sockets(control)
        except (TimeoutError, BlockingIOError):
            del due[0]
            start_spare()
            continue
        if not connections:
            return
        waiting.put(connections)
        due.append(time.monotonic() + SPARE_DELAY)


def _load_all_modules() -> None:
    """Those of this package that are imported only when they are used: there are no files then."""
    for module in pkgutil.walk_packages(edgewright.isolate.__path__, "edgewright.isolate."):
        if not module.name.endswith(".__main__"):
            importlib.import_module(module.name)
    registry()


def _close_all_but(fd: int) -> None:
    """Whoever started us may have let more descriptors through than ours (uvloop does): a listener
    that outlives its gateway here, a door out for the Worker's code."""
    os.closerange(3, fd)
    os.closerange(fd + 1, os.sysconf("SC_OPEN_MAX"))


def _receive_sockets(control: socket.socket) -> list[socket.socket]:
    """The next isolate's socket, and the one of its Inspector if it is to have any; none when the
    gateway is gone."""
    _, descriptors, _, _ = socket.recv_fds(control, 1, 2)
    return [socket.socket(fileno=descriptor) for descriptor in descriptors]


def _isolate(
    snapshot: bytes,
    waiting: queue.SimpleQueue[list[socket.socket]],
    started: threading.Event,
    watch: Watch,
    address: Address | None,
) -> None:
    """One isolate's life, on its own thread."""
    try:
        isolate = Isolate(
            snapshot,
            heap_bytes=HEAP_BYTES,
            buffer_bytes=HEAP_BYTES,
            start_timeout=START_TIMEOUT,
            inspector=address,
        )
    except BaseException:
        # Whoever was to use it would wait forever; and the next one will hardly fare better.
        traceback.print_exc()
        sys.stderr.flush()
        os._exit(1)
    started.set()
    connection, *controls = waiting.get()
    connection.setblocking(True)
    inspector = Inspector(controls[0], address) if controls and address is not None else None
    with connection:
        tenant = Tenant(isolate, Line(connection), watch, inspector)
        try:
            tenant.serve()
        except ConnectionError:
            pass
        finally:
            isolate.close()
