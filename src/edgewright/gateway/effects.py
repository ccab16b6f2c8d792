"""What comes out of an isolate, performed: each command goes to whoever knows how, once it is known
whose it is."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

from edgewright.gateway.active import ActiveRequest, note_sent, worker_failure
from edgewright.gateway.answers import Answers
from edgewright.gateway.body_table import BodyTable
from edgewright.gateway.caches import Caches
from edgewright.gateway.channel import Channel
from edgewright.gateway.console import Console
from edgewright.gateway.operations import Operations
from edgewright.gateway.ports import PortTable
from edgewright.gateway.rpc import RpcTable
from edgewright.gateway.sockets import perform as perform_on_socket
from edgewright.gateway.subrequests import Subrequests
from edgewright.gateway.surroundings import Surroundings
from edgewright.gateway.tcp_sockets import TcpSockets
from edgewright.observe.records import Outcome
from edgewright.protocol.messages import (
    AbortCommand,
    CacheDeleteCommand,
    CacheMatchCommand,
    CachePutCommand,
    CallCommand,
    CauseCommand,
    ChunkCommand,
    ClearCommand,
    Command,
    DiscardCommand,
    DoneCommand,
    EndCommand,
    FailCommand,
    FetchCommand,
    GoneCommand,
    LogCommand,
    OperateCommand,
    PassedCommand,
    ProtocolViolation,
    PullCommand,
    ReleaseCommand,
    RespondCommand,
    ReturnCommand,
    StopEvent,
    TimerCommand,
    TimerEvent,
)

_OUTCOMES = frozenset[str](Outcome)
_OVER_MEMORY = "Worker exceeded memory limit."
_MOST_OPS = 10_000
"""Timers and subrequests of one request at a time."""
_LONGEST_TIMER = 2**31 - 1
"""Milliseconds; HTML's timers take no more."""


class Effects:
    """All that the requests of one isolate have under way. `on_done` is called when one says that
    nothing of it is left."""

    def __init__(
        self, around: Surroundings, channel: Channel, *, on_done: Callable[[ActiveRequest], None]
    ) -> None:
        self.requests: dict[int, ActiveRequest] = {}
        self.last_request = 0
        """The highest id that any had."""
        self.last_word: GoneCommand | None = None
        """Why the isolate is over; until then None."""
        self._channel = channel
        self._tracing = around.tracing
        self._on_done = on_done
        self.console = Console(around)
        self.bodies = BodyTable(channel, on_freed=self._freed, on_too_much=self._has_too_much)
        self.ports = PortTable(channel, around.limits.websocket_message_mb << 20)
        self.subrequests = Subrequests(
            channel,
            self.bodies,
            self.ports,
            around.client,
            around.limits,
            around.services,
            around.cache,
            warn=self.console.warn,
        )
        self.rpc = RpcTable(
            channel,
            self.bodies,
            around.services,
            may_start=self.subrequests.may_start,
            on_too_much=self._has_too_much,
        )
        self._operations = Operations(
            channel, self.bodies, self.subrequests, around.limits, around.bindings
        )
        self._tcp = TcpSockets(channel, self.bodies, self.subrequests, around.client)
        self._caches = Caches(channel, self.bodies, self.subrequests, around.cache.api)
        self._answers = Answers(around, self.bodies, self.ports)

    def perform(self, command: Command, attachment: bytes) -> None:
        """Raises ProtocolViolation."""
        match command:
            case RespondCommand():
                self._answers.respond(self._owner(command.request), command, attachment)
            case DoneCommand():
                if active := self._owner(command.request):
                    self._on_done(active)
            case FetchCommand():
                if active := self._owner(command.request, command.op):
                    self.subrequests.fetch(active, command, attachment)
                else:
                    self.bodies.refuse(command)
            case OperateCommand():
                if active := self._owner(command.request, command.op):
                    self._operations.start(active, command, attachment)
                else:
                    self.bodies.refuse(command)
            case CacheMatchCommand() | CachePutCommand() | CacheDeleteCommand():
                if active := self._owner(command.request, command.op):
                    self._caches.perform(active, command, attachment)
                elif isinstance(command, CachePutCommand):
                    self.bodies.refuse(command)
            case CauseCommand() | PassedCommand():
                active = self._owner(command.request)
                if active is not None and active.trace is not None:
                    active.trace.heard(command)
            case ChunkCommand():
                self.bodies.push(command.sink, attachment)
            case EndCommand():
                self.bodies.end(command.sink, command.error)
                if self._tracing.on:
                    note_sent(self.requests.values(), command.sink)
            case PullCommand():
                self.bodies.pull(command.stream, command.gather)
            case DiscardCommand():
                self.bodies.drop(command.stream)
            case TimerCommand():
                if active := self._owner(command.request, command.op):
                    self._start_timer(active, command)
            case AbortCommand() | ClearCommand():
                any(self.subrequests.cancel(a, command.op) for a in self.requests.values())
            case CallCommand():
                active = self._owner(command.request)
                if active is not None and not active.stopped:
                    self.rpc.call(active, command, attachment)
            case ReturnCommand():
                if active := self._owner(command.request):
                    self.rpc.returned(active, command, attachment)
            case ReleaseCommand():
                self.rpc.release(command)
            case FailCommand():
                if active := self._owner(command.request):
                    self._answers.fail(active, command)
            case LogCommand():
                request = command.request
                self.console.heard(None if request is None else self._owner(request), command)
            case GoneCommand():
                if command.outcome not in _OUTCOMES:
                    raise ProtocolViolation(f"{command.outcome!r} is no outcome")
                self.last_word = command
            case _:
                perform_on_socket(command, attachment, self.ports, self._tcp, self._owner)

    def stop(self, active: ActiveRequest, outcome: Outcome, reason: str) -> None:
        """Ends a request that goes too far."""
        active.fail(worker_failure(outcome, reason))
        self.tell(active, reason)

    def tell(self, active: ActiveRequest, reason: str) -> None:
        """Tells the isolate that a request is over."""
        active.stopped = time.perf_counter()
        self._channel.post(StopEvent(active.id, reason))

    def let_go(self, active: ActiveRequest) -> None:
        """The request has ended, here at least: nothing of it goes on."""
        if active.ops:
            for op in active.ops.values():
                op.cancel()
            active.ops.clear()
        self.subrequests.forget(active)
        if active.sockets:
            self.ports.end(active)
        self.rpc.forget(active)
        for stream in active.streams.copy():
            self.bodies.drop(stream)
        del self.requests[active.id]

    def _owner(self, request: int, op: int | None = None) -> ActiveRequest | None:
        """The request that a command is for; None when it has ended, which its code may not have
        noticed. `op` is one that the command starts, which a request that was stopped may not."""
        active = self.requests.get(request)
        if active is None and not 0 < request <= self.last_request:
            raise ProtocolViolation(f"there was no request {request}")
        if active is not None and op in active.ops:
            raise ProtocolViolation(f"op {op} is under way")
        if active is not None and op is not None and active.stopped:
            return None
        return active

    def _start_timer(self, active: ActiveRequest, command: TimerCommand) -> None:
        if len(active.ops) >= _MOST_OPS:
            self.stop(active, Outcome.EXCEEDED_MEMORY, _OVER_MEMORY)
            return
        delay = min(max(command.delay, 0), _LONGEST_TIMER) / 1000
        if active.trace is not None and not command.own:
            active.trace.op(command.op, "timer", f"{command.delay:.0f} ms")
        active.ops[command.op] = asyncio.get_running_loop().call_later(
            delay, self._fire, active, command.op
        )

    def _fire(self, active: ActiveRequest, op: int) -> None:
        active.ops.pop(op, None)
        if active.trace is not None:
            active.trace.op_settled(op)
        self._channel.post(TimerEvent(op))

    def _freed(self, active: ActiveRequest, op: int) -> None:
        self.subrequests.release(active, op)

    def _has_too_much(self) -> None:
        self.last_word = GoneCommand(Outcome.EXCEEDED_MEMORY, _OVER_MEMORY, process=False)
