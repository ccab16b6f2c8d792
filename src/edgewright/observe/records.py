"""What there is to tell about a request, and who wants to hear it."""

from __future__ import annotations

import enum
import secrets
from dataclasses import dataclass, field
from typing import Protocol

from edgewright.observe.trace import Trace


class Outcome(enum.StrEnum):
    """How a request ended, in the platform's words (its tail events carry them)."""

    OK = "ok"
    EXCEPTION = "exception"
    EXCEEDED_CPU = "exceededCpu"
    EXCEEDED_MEMORY = "exceededMemory"
    EXCEEDED_WALL_TIME = "exceededWallTime"
    LOAD_SHED = "loadShed"
    """It was not even begun: the Worker has too much to do, or crashes again and again."""
    RATE_LIMITED = "rateLimited"
    """It was not even begun: there were too many, by a rule of the Worker's configuration."""
    CANCELED = "canceled"
    RESPONSE_STREAM_DISCONNECTED = "responseStreamDisconnected"
    INTERNAL_ERROR = "internalError"


FINE = frozenset({Outcome.OK, Outcome.CANCELED, Outcome.RESPONSE_STREAM_DISCONNECTED})
"""Nobody's fault: all went well, or the client left."""


def new_ray() -> str:
    """16 hex digits that connect what a client was shown with a line of the log."""
    return secrets.token_hex(8)


@dataclass(slots=True)
class WorkerError:
    """An exception that left a Worker's handler, or kept the Worker from starting."""

    name: str
    message: str
    stack: str
    """As V8 wrote it; positions refer to the specifiers of the bundle (`worker:/index.js:3:9`)."""


@dataclass(slots=True)
class RequestRecord:
    """One finished request."""

    worker: str
    method: str
    url: str
    status: int
    """0 when no response head was sent."""
    outcome: Outcome
    wall_ms: float
    """From the request's arrival until nothing of it was left to do."""
    cpu_ms: float
    subrequests: int
    operations: int = 0
    """What it has asked of bindings, as KV."""
    error: WorkerError | None = None
    ray: str = ""
    """Where there is an error: the id that the client was shown."""
    trace: Trace | None = None
    """What happened to it, where requests are traced."""
    version: str = ""
    """The Worker's; empty where the request never got to one."""


@dataclass(slots=True)
class LogLine:
    """One call of `console.*`."""

    worker: str
    level: str
    """"debug", "info", "log", "warn" or "error"."""
    message: str


class Observer(Protocol):
    """Is told what happens. Called on the gateway's event loop: must not block."""

    def request_finished(self, record: RequestRecord) -> None: ...

    def logged(self, line: LogLine) -> None: ...


@dataclass(slots=True)
class Silent:
    """An observer that keeps nothing."""

    def request_finished(self, record: RequestRecord) -> None: ...

    def logged(self, line: LogLine) -> None: ...


@dataclass(slots=True)
class Everybody:
    """Tells several observers."""

    observers: list[Observer]

    def request_finished(self, record: RequestRecord) -> None:
        for observer in self.observers:
            observer.request_finished(record)

    def logged(self, line: LogLine) -> None:
        for observer in self.observers:
            observer.logged(line)


@dataclass(slots=True)
class Recorder:
    """An observer that keeps everything, for tests and for the Python API."""

    requests: list[RequestRecord] = field(default_factory=list[RequestRecord])
    lines: list[LogLine] = field(default_factory=list[LogLine])

    def request_finished(self, record: RequestRecord) -> None:
        self.requests.append(record)

    def logged(self, line: LogLine) -> None:
        self.lines.append(line)
