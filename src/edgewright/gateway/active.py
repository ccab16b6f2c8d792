"""A request while a Worker answers it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Protocol

from edgewright.gateway.connections import Connections
from edgewright.messages import Request, Response
from edgewright.observe.records import Outcome, RequestRecord, WorkerError, new_ray
from edgewright.observe.trace import Trace
from edgewright.subrequest.upstream import UpstreamBody

if TYPE_CHECKING:
    from edgewright.gateway.rpc_parcels import RpcState

EXCEEDED = frozenset({Outcome.EXCEEDED_CPU, Outcome.EXCEEDED_MEMORY, Outcome.EXCEEDED_WALL_TIME})


class WorkerFailure(Exception):
    """A Worker gave no response to a request."""

    def __init__(self, outcome: Outcome, error: WorkerError, *, pass_through: bool = False) -> None:
        super().__init__(error.message)
        self.outcome = outcome
        self.error = error
        self.pass_through = pass_through
        self.ray = new_ray()

    @property
    def status(self) -> int:
        """The status that a client gets instead of a response."""
        return 503 if self.outcome in EXCEEDED or self.outcome is Outcome.LOAD_SHED else 500

    def record(self, worker: str, request: Request, trace: Trace | None) -> RequestRecord:
        """What there is to tell about a request that never got to an isolate."""
        record = unheard_record(
            worker, request, self.status, self.outcome, error=self.error, ray=self.ray
        )
        return replace(record, trace=trace)


def worker_failure(outcome: Outcome, reason: str) -> WorkerFailure:
    """One that is said by us, and not thrown by the Worker."""
    return WorkerFailure(outcome, WorkerError("Error", reason, ""))


def unheard_record(
    worker: str,
    request: Request,
    status: int,
    outcome: Outcome,
    *,
    error: WorkerError | None = None,
    ray: str = "",
) -> RequestRecord:
    """What there is to tell about a request that never got to an isolate."""
    return RequestRecord(
        worker=worker,
        method=request.method,
        url=request.url,
        status=status,
        outcome=outcome,
        wall_ms=0.0,
        cpu_ms=0.0,
        subrequests=0,
        error=error,
        ray=ray,
    )


@dataclass(frozen=True, slots=True)
class ServiceOp:
    """A request's call of another Worker."""

    caller: ActiveRequest
    op: int

    def op_of(self, isolate: object) -> int | None:
        """The op of the last request in this isolate that led to it; None if there was none."""
        if self.caller.isolate is isolate:
            return self.op
        before = self.caller.request.cause
        return None if before is None else before.op_of(isolate)


class PendingResponse:
    """The response to a request, or why there is none: told once. Whoever listens is called there
    and then, as a round of the event loop would be a good part of what a request takes."""

    __slots__ = ("_listeners", "_result")

    def __init__(self) -> None:
        self._result: Response | WorkerFailure | None = None
        self._listeners: list[Callable[[Response | WorkerFailure], None]] = []

    @property
    def done(self) -> bool:
        """Whether it has been told."""
        return self._result is not None

    def tell(self, result: Response | WorkerFailure) -> None:
        """Must not be called twice."""
        assert self._result is None
        self._result = result
        for listener in self._listeners:
            try:
                listener(result)
            except Exception as error:  # A fault of ours is no reason to break off a turn.
                context = {"message": "A response could not be sent.", "exception": error}
                asyncio.get_running_loop().call_exception_handler(context)
        self._listeners.clear()

    def listen(self, listener: Callable[[Response | WorkerFailure], None]) -> None:
        """Calls it with the result, now if that is known."""
        if self._result is None:
            self._listeners.append(listener)
        else:
            listener(self._result)

    async def wait(self) -> Response:
        """For the one who is to have the response. Raises WorkerFailure."""
        told = asyncio.Event()
        self.listen(lambda _: told.set())
        try:
            await told.wait()
        except asyncio.CancelledError:
            self.listen(_discard)
            raise
        if isinstance(self._result, WorkerFailure):
            raise self._result
        assert self._result is not None
        return self._result


def _discard(result: Response | WorkerFailure) -> None:
    if isinstance(result, Response):
        result.discard()


class Leavable(Protocol):
    """What a client can leave."""

    def client_gone(self, active: ActiveRequest) -> None: ...


class _Cancellable(Protocol):
    def cancel(self) -> object: ...


@dataclass(slots=True, eq=False)
class ActiveRequest:
    """A request while anything of it is left to do."""

    id: int
    request: Request
    head: PendingResponse = field(default_factory=PendingResponse)
    depth: int = 1
    """How many Workers called each other until here, this one included."""
    cpu_ns: float = 0.0
    forgiven_ns: float = 0.0
    """Of that, what does not count any more: it was before the last message from outside."""
    subrequests: int = 0
    operations: int = 0
    """What it has asked of bindings."""
    status: int = 0
    outcome: Outcome = Outcome.OK
    error: WorkerError | None = None
    ray: str = ""
    ops: dict[int, _Cancellable] = field(default_factory=dict[int, _Cancellable])
    uploads: dict[int, int] = field(default_factory=dict[int, int])
    """Sizes of the large bodies that ops hold."""
    bodies: dict[int, UpstreamBody] = field(default_factory=dict[int, UpstreamBody])
    """What the responses to ops consist of: an op may still be aborted when its head has come."""
    streams: set[int] = field(default_factory=set[int])
    body_stream: int | None = None
    """Id of the stream that the request's body is, where the gateway holds it."""
    body_is_whole: bool = False
    """No byte of `request.body` was given away, and it is the gateway's again."""
    started: float = field(default_factory=time.perf_counter)
    answered: float = 0.0
    """When the response was last seen to be under way."""
    stopped: float = 0.0
    """When the isolate was told that the request is over."""
    sink: int | None = None
    """What the isolate sends the response's body by."""
    port: int | None = None
    """What the isolate speaks with the client on, where that is a WebSocket."""
    sockets: bool = False
    """Whether any WebSocket was ever its."""
    connections: Connections | None = None
    begun: int = 0
    """In how many isolates it was begun."""
    suspected: int = 0
    """How many processes have died while it may have been running."""
    unsafe: bool = False
    """It has made a subrequest that must not be repeated."""
    logged: int = 0
    """Bytes of console output."""
    trace: Trace | None = None
    """What happened to it, where somebody wants to know."""
    rpc: RpcState | None = None
    """What it has exported, and what it can call."""
    isolate: Leavable | None = None
    """Where it is now; it may be moved before it begins."""

    def client_gone(self) -> None:
        """The client went away before it had the whole response."""
        if self.isolate is None:  # it is being moved
            self.outcome = Outcome.CANCELED
        else:
            self.isolate.client_gone(self)

    def fail(self, failure: WorkerFailure) -> None:
        """Its Worker gives no response, or breaks off."""
        # When the client has left, what that makes the Worker throw is no failure of its own.
        if self.outcome is Outcome.OK:
            self.outcome = failure.outcome
            self.error = failure.error
            self.ray = failure.ray
        if not self.head.done:
            if self.outcome is not Outcome.CANCELED:
                self.status = failure.status
            self.head.tell(failure)

    def waited_since(self, came: float) -> None:
        """It had come before, and its Worker had to be loaded."""
        self.started = came
        if self.trace is not None:
            self.trace.cold_from = came

    def end_trace(self, trace: Trace, unfinished: list[int]) -> None:
        """`unfinished` are the ops that were under way when the request ended."""
        trace.end(self.status, self.outcome, self.error, self.subrequests, unfinished)

    def record(self, worker: str, version: str) -> RequestRecord:
        """What there is to tell about the request, now that it has ended."""
        return RequestRecord(
            worker=worker,
            method=self.request.method,
            url=self.request.url,
            status=self.status,
            outcome=self.outcome,
            wall_ms=(time.perf_counter() - self.started) * 1000,
            cpu_ms=self.cpu_ns / 1e6,
            subrequests=self.subrequests,
            operations=self.operations,
            error=self.error,
            ray=self.ray,
            trace=self.trace,
            version=version,
        )


def note_sent(requests: Iterable[ActiveRequest], sink: int) -> None:
    """A sink has ended: for the trace of the request whose response it was."""
    for active in requests:
        if active.sink == sink and active.trace is not None:
            active.trace.body_sent()
