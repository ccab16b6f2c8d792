"""The isolate host: a process that holds isolates and does nothing but compute.

The gateway hands it a socket per isolate over a control socket. Each isolate has a thread that
reads a frame, runs a turn and writes a frame: blocking, because a hop through an event loop would
cost more than the turn. A few spare isolates are kept started, so that a cold start is only the
evaluation of the Worker's own modules.
"""

from __future__ import annotations

import array
import contextlib
import os
import queue
import socket
import sys
import threading
import time
import traceback

import msgspec

from edgewright.isolate.engine import Isolate, IsolateGone, TurnTimeout
from edgewright.isolate.snapshot import load_snapshot
from edgewright.protocol.framing import WAKE, FrameDecoder, encode_frame
from edgewright.protocol.messages import GoneCommand, Load, Loaded, TurnResult

SPARES = 3
"""Isolates that are started and wait for a Worker."""

SPARE_DELAY = 0.05
"""Seconds to wait before a used spare is replaced, so that it doesn't slow the start it served."""

HEAP_BYTES = 128 << 20
TURN_TIMEOUT = 10.0
"""Seconds of wall time after which a turn is stopped and the request that was running fails."""
START_TIMEOUT = 10.0

_RECEIVE = 1 << 18

threading.stack_size(512 << 10)


def main() -> None:
    """Runs until the gateway closes the control socket, given as a file descriptor in argv."""
    control = socket.socket(fileno=int(sys.argv[1]))
    _close_all_but(control.fileno())
    snapshot = load_snapshot()
    waiting: queue.SimpleQueue[socket.socket] = queue.SimpleQueue()

    started = threading.Event()

    def start_spare() -> None:
        threading.Thread(target=_isolate, args=(snapshot, waiting, started), daemon=True).start()

    for _ in range(SPARES):
        start_spare()
    started.wait()
    control.send(b"ready")
    due: list[float] = []
    while True:
        control.settimeout(max(0.0, due[0] - time.monotonic()) if due else None)
        try:
            connection = _receive_socket(control)
        except (TimeoutError, BlockingIOError):
            del due[0]
            start_spare()
            continue
        if connection is None:
            return
        waiting.put(connection)
        due.append(time.monotonic() + SPARE_DELAY)


def _close_all_but(fd: int) -> None:
    """Whoever started us may have let more descriptors through than ours (uvloop does): a listener
    that outlives its gateway here, a door out for the Worker's code."""
    os.closerange(3, fd)
    os.closerange(fd + 1, os.sysconf("SC_OPEN_MAX"))


def _receive_socket(control: socket.socket) -> socket.socket | None:
    """The next isolate's socket; None when the gateway is gone."""
    data, ancillary, _flags, _address = control.recvmsg(1, socket.CMSG_SPACE(4))
    if not data:
        return None
    descriptors = array.array("i")
    for level, kind, payload in ancillary:
        if level == socket.SOL_SOCKET and kind == socket.SCM_RIGHTS:
            descriptors.frombytes(payload[:4])
    return socket.socket(fileno=descriptors[0])


def _isolate(
    snapshot: bytes, waiting: queue.SimpleQueue[socket.socket], started: threading.Event
) -> None:
    """One isolate's life, on its own thread."""
    try:
        isolate = Isolate(
            snapshot, heap_bytes=HEAP_BYTES, buffer_bytes=HEAP_BYTES, start_timeout=START_TIMEOUT
        )
    except BaseException:
        # Whoever was to use it would wait forever; and the next one will hardly fare better.
        traceback.print_exc()
        sys.stderr.flush()
        os._exit(1)
    started.set()
    connection = waiting.get()
    connection.setblocking(True)
    with connection:
        line = _Line(connection)
        isolate.on_wake = line.wake
        try:
            _serve(isolate, line)
        except IsolateGone as gone:
            result = TurnResult([], [GoneCommand(gone.outcome, gone.message)])
            with contextlib.suppress(OSError):
                line.send(encode_frame(msgspec.json.encode(result)))
        except ConnectionError:
            pass
        finally:
            isolate.close()


class _Line:
    """The connection to the gateway. The isolate's own thread may want a turn at any time."""

    def __init__(self, connection: socket.socket) -> None:
        self.receive = connection.recv
        self._connection = connection
        self._sending = threading.Lock()
        self._open = False
        self._wanted = False

    def send(self, frame: bytes) -> None:
        with self._sending:
            self._connection.sendall(frame)

    def open(self, frame: bytes) -> None:
        """Sends the first frame. Only after it may a turn be asked for."""
        with self._sending:
            self._connection.sendall(frame + (WAKE if self._wanted else b""))
            self._open = True

    def wake(self) -> None:
        """Asks for a turn."""
        with self._sending, contextlib.suppress(OSError):
            if self._open:
                self._connection.sendall(WAKE)
            self._wanted = True


def _serve(isolate: Isolate, line: _Line) -> None:
    decoder = FrameDecoder()
    loaded = False
    while data := line.receive(_RECEIVE):
        for json, blob, _ in decoder.feed(data):
            if loaded:
                line.send(_turn(isolate, json, blob))
                continue
            error = isolate.load(msgspec.json.decode(json, type=Load))
            line.open(encode_frame(msgspec.json.encode(Loaded(error))))
            loaded = True


def _turn(isolate: Isolate, json: bytes, blob: bytes) -> bytes:
    start = isolate.cpu_ns()
    try:
        result, attachments = isolate.turn(json.decode(), blob or None, timeout=TURN_TIMEOUT)
    except TurnTimeout:
        result, attachments = _resume(isolate)
    return encode_frame(result.encode(), attachments, isolate.cpu_ns() - start)


def _resume(isolate: Isolate) -> tuple[str, bytes]:
    """Each try fails at least one request, so this ends."""
    while True:
        try:
            return isolate.resume(timeout=TURN_TIMEOUT)
        except TurnTimeout:
            continue
