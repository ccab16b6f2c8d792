"""The natives as one isolate sees them: its calls, its work on the pool, its states."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable
from typing import Any

import msgspec

from edgewright.isolate.natives.errors import NativeError
from edgewright.isolate.natives.pool import POOL, Job, Pool, Queue
from edgewright.isolate.natives.registry import Json, State, registry
from edgewright.protocol.messages import NativeEvent

MOST_JOBS = 1000
MOST_BYTES = 128 << 20
"""What may wait for the pool, be in it or wait for the next turn, per isolate."""
MOST_STATE_MEMORY = 64 << 20
"""What the states of an isolate may come to hold."""

Reply = bytes | str
"""Bytes as they are, all else as JSON: [true, value] or [false, name, message]."""


class IsolateNatives:
    """All but take() is called by the runtime layer, on V8's thread; nothing here raises, whatever
    the arguments are.

    `on_finished` is called, on a thread of the pool, when there is something to take().
    """

    def __init__(self, on_finished: Callable[[], None], pool: Pool = POOL) -> None:
        self._on_finished = on_finished
        self._queue = Queue(pool)
        self._counting = threading.Lock()
        self._jobs = 0
        self._bytes = 0
        self._finished: deque[tuple[NativeEvent, bytes]] = deque()
        self._states: dict[int, tuple[int, State]] = {}
        self._state_memory = 0
        self._last_state = 0

    def call(self, name: str, options: str, *data: bytes) -> Reply:
        """Computes here and now."""
        return _reply(_attempt(lambda: _compute(name, options, data)))

    def start(self, request: int, op: int, name: str, options: str, *data: bytes) -> bool:
        """Has it computed by the pool; a NativeEvent tells the result. False when too much is
        under way."""
        size = sum(map(len, data))
        if self._jobs >= MOST_JOBS or self._bytes + size > MOST_BYTES:
            return False

        def run() -> None:
            began = time.thread_time_ns()
            result = _attempt(lambda: _compute(name, options, data))
            event, blob = _event(op, result, (time.thread_time_ns() - began) / 1e6)
            self._count(0, len(blob) - size)
            self._finished.append((event, blob))
            # Otherwise a turn was asked for, and has not taken what was there.
            if len(self._finished) == 1:
                self._on_finished()

        self._count(1, size)
        self._queue.add(Job(request, size, run))
        return True

    def take(self, events: bytes, blob: bytes) -> tuple[bytes, bytes, int]:
        """Adds what the pool has finished to a batch of events (JSON) and its attachments; also
        gives the CPU time, in nanoseconds, that it took."""
        if not self._finished:
            return events, blob, 0
        cpu_ms = 0.0
        blobs = [blob]
        while self._finished:
            event, bytes_ = self._finished.popleft()
            self._count(-1, -len(bytes_))
            events = events[:-1] + (b"" if events == b"[]" else b",")
            events += msgspec.json.encode(event) + b"]"
            blobs.append(bytes_)
            cpu_ms += event.cpu_ms
        return events, b"".join(blobs), int(cpu_ms * 1e6)

    def open(self, request: int, name: str, options: str) -> Reply:
        """Makes a state that lasts until it has ended or its request has (0: the isolate). Replies
        with its number."""

        def make() -> int:
            state = registry().states[name](**msgspec.json.decode(options))
            if self._state_memory + state.memory > MOST_STATE_MEMORY:
                raise NativeError("QuotaExceededError", "Too many computations are under way.")
            self._state_memory += state.memory
            self._last_state += 1
            self._states[self._last_state] = request, state
            return self._last_state

        return _reply(_attempt(make))

    def step(self, number: int, end: bool, data: bytes) -> Reply:
        """Gives a state its next data."""
        _, state = self._states.get(number, (0, None))
        if state is None:
            return _reply(NativeError("InvalidStateError", "The computation has ended."))
        result = _attempt(lambda: state.step(data, end))
        if end or isinstance(result, NativeError):
            self.close(number)
        return _reply(result)

    def close(self, number: int) -> None:
        """Nobody needs the state any more."""
        _, state = self._states.pop(number, (0, None))
        if state is not None:
            self._state_memory -= state.memory

    def end(self, request: int) -> None:
        """The request has ended: nobody waits for what it had started."""
        for job in self._queue.drop(request):
            self._count(-1, -job.size)
        for number, (owner, _) in list(self._states.items()):
            if owner == request:
                self.close(number)

    def end_all(self) -> None:
        """The isolate ends."""
        self._queue.drop()
        self._states.clear()

    def _count(self, jobs: int, size: int) -> None:
        with self._counting:
            self._jobs += jobs
            self._bytes += size


def _compute(name: str, options: str, data: tuple[bytes, ...]) -> bytes | Json:
    return registry().functions[name](*data, **msgspec.json.decode(options))


def _attempt(compute: Callable[[], Any]) -> Any:
    """The result or a NativeError."""
    try:
        return compute()
    except NativeError as error:
        return error
    except BaseException as error:  # a panic in Rust is no Exception, and no end of the world
        return NativeError("OperationError", f"The operation failed ({type(error).__name__}).")


def _reply(result: Any) -> Reply:
    if isinstance(result, bytes):
        return result
    if isinstance(result, NativeError):
        return msgspec.json.encode([False, result.name, result.message]).decode()
    return msgspec.json.encode([True, result]).decode()


def _event(op: int, result: Any, cpu_ms: float) -> tuple[NativeEvent, bytes]:
    if isinstance(result, bytes):
        return NativeEvent(op, cpu_ms, len(result), None, None, ""), result
    if isinstance(result, NativeError):
        return NativeEvent(op, cpu_ms, None, None, result.name, result.message), b""
    return NativeEvent(op, cpu_ms, None, result, None, ""), b""
