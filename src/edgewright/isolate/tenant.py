"""One Worker in one isolate: frames come in, turns run within its limits, frames go out."""

from __future__ import annotations

import contextlib
import math
import select
import socket
import threading
import time
from functools import partial
from typing import Protocol

import msgspec

from edgewright.isolate.engine import STARTUP_EXCEEDED, Isolate, IsolateGone, TurnTimeout
from edgewright.isolate.inspector import Inspector
from edgewright.isolate.stopwatch import GRACE, WORTH_A_LOOK, Deadline, Watch
from edgewright.protocol.framing import (
    MAX_COMMANDS,
    MAX_FRAME,
    WAKE,
    FrameDecoder,
    encode_frame,
)
from edgewright.protocol.messages import GoneCommand, Load, Loaded, LoadError, TurnResult

_RECEIVE = 1 << 18

_MOST_RESUMES = 1000
"""How often one turn may be stopped, each time for another event."""

_MEMORY_EVERY = 64
_MEMORY_AFTER_NS = 2_000_000
"""Memory is looked at after so many turns, and after each that took so much CPU time."""
_COLLECT_EVERY = 0.25
"""Seconds between two searches for garbage, at least."""

_WHILE_DEBUGGED = 7 * 86400.0
"""Seconds that a turn may take with DevTools at it, which may well have paused it."""

_OVER_CPU = "Worker exceeded CPU time limit."
_OVER_MEMORY = "Worker exceeded memory limit."


class _Call(Protocol):
    def __call__(self, *, timeout: float) -> tuple[str, bytes] | None: ...


class Line:
    """The connection to the gateway. The isolate's own thread may want a turn at any time."""

    def __init__(self, connection: socket.socket) -> None:
        self.receive = connection.recv
        """Raises BlockingIOError when nothing has come for a while (gateway/hosts.py)."""
        self._connection = connection
        self._sending = threading.Lock()
        self._open = False
        self._wanted = False

    def wait(self) -> None:
        """Until something comes."""
        waiting = select.poll()
        waiting.register(self._connection, select.POLLIN)
        waiting.poll()

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


class Tenant:
    """A Worker in its isolate. Also what the Watch sees of it."""

    def __init__(
        self, isolate: Isolate, line: Line, watch: Watch, inspector: Inspector | None = None
    ) -> None:
        self.since = 0.0
        self.running = False
        self._isolate = isolate
        self._line = line
        self._watch = watch
        self._inspector = inspector
        self._cpu_limit = 0.0
        self._deadline = Deadline(0.0)
        self._memory_limit = 0
        self._turns = 0
        self._collected = 0.0
        self._tidy = False
        isolate.on_wake = line.wake

    def serve(self) -> None:
        """Until the gateway hangs up or the isolate is gone. Raises ConnectionError."""
        self._watch.add(self)
        try:
            self._serve()
        except IsolateGone as gone:
            self._say(GoneCommand(gone.outcome, gone.message, process=False))
        finally:
            self._watch.remove(self)

    # --- What the Watch wants to know -------------------------------------------------------------

    @property
    def cpu_limit(self) -> float:
        return math.inf if self._debugged else self._cpu_limit

    def cpu(self) -> float:
        return self._isolate.cpu_ns() / 1e9

    def terminate(self) -> None:
        self._isolate.terminate()

    def say_goodbye(self) -> None:
        self._say(GoneCommand("exceededCpu", _OVER_CPU, process=True))

    # --- Turns ------------------------------------------------------------------------------------

    def _serve(self) -> None:
        decoder = FrameDecoder()
        loaded = False
        while data := self._receive():
            for json, blob, _ in decoder.feed(data):
                if loaded:
                    self._line.send(self._turn(json, blob))
                    continue
                error = self._load(msgspec.json.decode(json, type=Load), blob)
                isolate = self._isolate
                answer = Loaded(error, isolate.entrypoints, isolate.inspector_path)
                self._line.open(encode_frame(msgspec.json.encode(answer)))
                loaded = True

    def _receive(self) -> bytes:
        while True:
            try:
                return self._line.receive(_RECEIVE)
            except BlockingIOError:
                # What the start and the loading have left behind is half a megabyte, which V8 would
                # keep until there is much more.
                if not self._tidy:
                    self._isolate.collect_garbage()
                    self._tidy = True
                self._line.wait()

    def _load(self, load: Load, blob: bytes) -> LoadError | None:
        start = self._begin()
        # No grace: nobody is there yet whom the isolate's end could hurt.
        self._cpu_limit = load.startup_cpu_ms / 1000 - GRACE
        error = self._isolate.load(load, blob)
        used_ms = (self._isolate.cpu_ns() - start - self._isolate.take_pardoned_ns()) / 1e6
        if error is None and used_ms > load.startup_cpu_ms:
            error = LoadError("Error", STARTUP_EXCEEDED)
        self.running = False
        self._cpu_limit = load.cpu_ms / 1000
        self._deadline = Deadline(self._cpu_limit)
        self._memory_limit = load.memory_mb << 20
        return error

    def _turn(self, json: bytes, blob: bytes) -> bytes:
        isolate = self._isolate
        json, blob, pool_ns = isolate.natives.take(json, blob)
        start = self._begin()
        result = self._enter(partial(isolate.turn, json.decode(), blob or None, start / 1e6))
        while result is None:
            result = self._enter(isolate.proceed)
        end = isolate.cpu_ns()
        self.since = end / 1e9
        self.running = False
        self._turns += 1
        if end - start > _MEMORY_AFTER_NS or self._turns % _MEMORY_EVERY == 0:
            self._check_memory()
        commands, blob = result[0].encode(), result[1]
        if len(commands) > MAX_COMMANDS or len(commands) + len(blob) > MAX_FRAME:
            raise IsolateGone("exceededMemory", _OVER_MEMORY)  # The gateway would call it a lie.
        used = max(end - start - isolate.take_pardoned_ns(), 0)
        return encode_frame(commands, blob, used + pool_ns)

    def _begin(self) -> int:
        start = self._isolate.cpu_ns()
        self.since = start / 1e9
        self.running = True
        if self._watch.asleep:
            self._watch.wake()
        return start

    @property
    def _debugged(self) -> bool:
        """Whether a person is at it, who may take all the time."""
        return self._inspector is not None and self._inspector.sessions > 0

    def _enter(self, call: _Call) -> tuple[str, bytes] | None:
        """Calls into the isolate; what takes too long is stopped, and the rest goes on."""
        if self._debugged:
            return call(timeout=_WHILE_DEBUGGED)
        for _ in range(_MOST_RESUMES):
            began = time.monotonic()
            try:
                result = call(timeout=self._deadline.seconds)
            except TurnTimeout:
                self._took(time.monotonic() - began)
                call = partial(self._isolate.resume, self._cpu_limit * 1000)
                continue
            wall = time.monotonic() - began
            if wall > WORTH_A_LOOK:
                self._took(wall)
            return result
        raise IsolateGone("exceededCpu", _OVER_CPU)

    def _took(self, wall: float) -> None:
        now = self._isolate.cpu_ns() / 1e9
        self._deadline.took(wall, now - self.since)
        self.since = now

    def _check_memory(self) -> None:
        """Raises IsolateGone when there is more than the Worker may have. V8 has limits of its own
        for the heap and for buffers; here it is their sum."""
        if self._isolate.memory() <= self._memory_limit:
            return
        now = time.monotonic()
        if now < self._collected + _COLLECT_EVERY:
            return
        self._collected = now
        self._isolate.collect_garbage()
        if self._isolate.memory() > self._memory_limit:
            raise IsolateGone("exceededMemory", _OVER_MEMORY)

    def _say(self, word: GoneCommand) -> None:
        with contextlib.suppress(OSError):
            self._line.send(encode_frame(msgspec.json.encode(TurnResult([], [word]))))
