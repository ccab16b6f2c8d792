"""One loaded isolate, as the gateway sees it: requests go in, and each command that comes out is
checked against what the isolate owns and performed."""

from __future__ import annotations

import asyncio
import socket
import time
from collections.abc import Callable, Mapping

from edgewright.bindings.binding import NO_BINDINGS, Binding
from edgewright.cache.node_cache import WorkerCache
from edgewright.config.limits import Limits
from edgewright.gateway.active import ActiveRequest, WorkerFailure, note_sent
from edgewright.gateway.body_table import BodyTable
from edgewright.gateway.caches import Caches
from edgewright.gateway.casualties import Ending, Inmates, Verdict, may_begin_again, suspects
from edgewright.gateway.channel import Channel, Turn
from edgewright.gateway.coding import encode, is_known
from edgewright.gateway.operations import Operations
from edgewright.gateway.ports import PortTable
from edgewright.gateway.responses import response_headers
from edgewright.gateway.rpc import RpcTable, SessionRequest
from edgewright.gateway.services import Services
from edgewright.gateway.sockets import perform as perform_on_socket
from edgewright.gateway.subrequests import Subrequests
from edgewright.gateway.tcp_sockets import TcpSockets
from edgewright.messages import Body, BodyError, Request, Response
from edgewright.observe.records import LogLine, Observer, Outcome, WorkerError
from edgewright.observe.trace import Tracing
from edgewright.protocol.messages import (
    AbortCommand,
    AbortEvent,
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
    RequestEvent,
    RespondCommand,
    ReturnCommand,
    StopEvent,
    TimerCommand,
    TimerEvent,
    attachment_size,
)
from edgewright.secrets.masking import Mask, no_mask
from edgewright.subrequest.client import SubrequestClient
from edgewright.subrequest.upstream import header
from edgewright.websocket.socket import GOING_AWAY, LOST, Closed

_OUTCOMES = frozenset[str](Outcome)
_LEFT = (Outcome.CANCELED, Outcome.RESPONSE_STREAM_DISCONNECTED)
_NO_RESPONSE = "The script will never generate a response."
_TOOK_DOWN = "Worker exceeded memory limit: it ended its process."
_OVER_CPU = "Worker exceeded CPU time limit."

TURN_LIMIT = 15.0
"""Seconds on the clock beyond the CPU limit after which a turn is given up together with its host.
An honest host has ended it long before."""

_UNHEARD = 5.0
"""Seconds that an isolate has to let go of a request that was stopped."""

_LOG_LIMIT = (
    "Log size limit exceeded: More than {kb}KB of data (across console.log statements, exception, "
    "request metadata and headers) was logged during a single request. Subsequent data for this "
    "request will not be recorded in logs, appear when tailing this Worker's logs, or in Tail "
    "Workers."
)
_LATE_WAIT_UNTIL = (
    "waitUntil() tasks did not complete within the allowed time after invocation end and have been "
    "cancelled. See: https://developers.cloudflare.com/workers/runtime-apis/context/#waituntil"
)
_LATE_RESPONSE = "Worker exceeded wall time limit: its response had not begun in time."

_OVER_MEMORY = "Worker exceeded memory limit."
_MOST_OPS = 10_000
"""Timers and subrequests of one request at a time."""
_LONGEST_TEXT = 64 * 1024
"""Characters of an exception's parts that are kept."""

_LONGEST_TIMER = 2**31 - 1
"""Milliseconds; HTML's timers take no more."""


class Isolate:
    """Requests of one Worker version, in one V8 isolate.

    `on_idle` is called whenever the last request has ended, `on_end` once when the isolate has,
    however it did. `inmates` are those in the same process.
    """

    def __init__(
        self,
        worker: str,
        limits: Limits,
        connection: socket.socket,
        client: SubrequestClient,
        observer: Observer,
        services: Services,
        cache: WorkerCache,
        *,
        on_idle: Callable[[], None],
        on_end: Callable[[Ending], None],
        inmates: Inmates | None = None,
        bindings: Mapping[str, Binding] = NO_BINDINGS,
        tracing: Tracing | None = None,
        mask: Mask = no_mask,
    ) -> None:
        self._mask = mask
        self.worker = worker
        self._tracing = tracing or Tracing()
        self._inmates = Inmates() if inmates is None else inmates
        self._inmates.add(self)
        self._limits = limits
        self._cpu_ns = limits.cpu_ns
        self._logged = 0
        self._observer = observer
        self._on_idle = on_idle
        self._on_end = on_end
        self._ended = False
        self._requests: dict[int, ActiveRequest] = {}
        self._last_request = 0
        self._last_word: GoneCommand | None = None
        self.idle_since = time.perf_counter()
        """When it was last left with nothing to do."""
        self._channel = Channel(
            connection, on_turn=self._turn, on_close=self._closed, tracing=self._tracing
        )
        self._bodies = BodyTable(
            self._channel, on_freed=self._freed, on_too_much=self._has_too_much
        )
        self._ports = PortTable(self._channel, limits.websocket_message_mb << 20)
        self._subrequests = Subrequests(
            self._channel,
            self._bodies,
            self._ports,
            client,
            limits,
            services,
            cache,
            warn=self._warn,
        )
        self._operations = Operations(
            self._channel, self._bodies, self._subrequests, limits, bindings
        )
        self._tcp = TcpSockets(self._channel, self._bodies, self._subrequests, client)
        self._rpc = RpcTable(
            self._channel,
            self._bodies,
            services,
            may_start=self._subrequests.may_start,
            on_too_much=self._has_too_much,
        )
        self._caches = Caches(self._channel, self._bodies, self._subrequests, cache.api)

    @property
    def busy(self) -> bool:
        return bool(self._requests)

    @property
    def turn_began(self) -> float | None:
        """When the turn began that it is at; None when it is at none."""
        return self._channel.turn_began

    @property
    def used(self) -> bool:
        """Whether it was ever given a request."""
        return self._last_request > 0

    def start(self, request: Request, depth: int = 1) -> ActiveRequest:
        """Hands a request to the Worker. Its `head` gets the Response, or a WorkerFailure."""
        active = ActiveRequest(0, request, depth=depth)
        self.adopt(active)
        return active

    def adopt(self, active: ActiveRequest) -> None:
        """Takes a request that has not begun anywhere, or begins again."""
        self._last_request += 1
        active.begun += 1
        request = active.request
        active.id = self._last_request
        active.isolate = self
        self._requests[active.id] = active
        if self._tracing.on:
            active.trace = self._tracing.begin(self.worker, request, self._limits)
            active.trace.mask = self._mask
        if isinstance(request, SessionRequest):
            self._rpc.begin(active, request)
            return
        inline, stream = request.body, None
        if inline is not None and not isinstance(inline, bytes):
            inline, stream = None, self._bodies.keep(active, inline)
        active.body_stream = stream
        self._channel.post(
            RequestEvent(
                active.id,
                request.method,
                request.url,
                request.headers,
                None if inline is None else len(inline),
                stream,
                request.cf,
                request.entrypoint,
                request.props,
                None if request.cause is None else request.cause.op_of(self),
                active.trace is not None and active.trace.watched,
            ),
            inline or b"",
            # Nothing else is going on: a round of the event loop would only be waited for.
            alone=len(self._requests) == 1,
        )

    def client_gone(self, active: ActiveRequest) -> None:
        """See ActiveRequest."""
        if active.id not in self._requests:
            return
        if active.outcome is Outcome.OK:
            sent = active.status != 0
            active.outcome = Outcome.RESPONSE_STREAM_DISCONNECTED if sent else Outcome.CANCELED
        self._channel.post(AbortEvent(active.id))

    @property
    def overloaded(self) -> bool:
        """Whether a new request would have to wait for too long."""
        return self._channel.wait > self._limits.queue_ms / 1000

    @property
    def hangs(self) -> bool:
        """Whether a turn takes longer than an honest host lets any, or a request does not end."""
        now = time.perf_counter()
        return self._channel.turn_seconds > TURN_LIMIT + self._limits.cpu_ms / 1000 or any(
            active.stopped and now > active.stopped + _UNHEARD for active in self._requests.values()
        )

    def stop_late(self) -> None:
        """Ends the requests that have taken too long on the clock."""
        now = time.perf_counter()
        limits = self._limits
        for active in list(self._requests.values()):
            if active.stopped or active.outcome in _LEFT:
                continue
            if not active.head.done:
                if now > active.started + limits.wall_ms / 1000:
                    self._stop(active, Outcome.EXCEEDED_WALL_TIME, _LATE_RESPONSE)
            elif (
                self._bodies.is_open(active.sink)
                or self._ports.is_open(active.port)
                or (active.rpc is not None and active.rpc.is_open)
            ):
                active.answered = now
            elif now > active.answered + limits.wait_until_ms / 1000:
                self._warn(active, _LATE_WAIT_UNTIL)
                self._tell(active, _LATE_WAIT_UNTIL)

    def give_up(self) -> None:
        """Ends an isolate that hangs."""
        self._channel.close()
        self._end(GoneCommand(Outcome.EXCEEDED_CPU, _OVER_CPU, process=True), died=True)

    def go_away(self) -> None:
        """It is replaced: requests finish, but a WebSocket might never."""
        self._ports.go_away()

    def close(self) -> None:
        """Ends the isolate and whatever still runs in it."""
        self._channel.close()
        self._end(GoneCommand(Outcome.CANCELED, "The Worker was stopped.", process=False))

    # --- Commands ---------------------------------------------------------------------------------

    def _turn(self, turn: Turn) -> None:
        commands, blob = turn.commands, turn.blob
        sizes = [attachment_size(command) for command in commands]
        if sum(sizes) != len(blob) or min(sizes, default=0) < 0:
            raise ProtocolViolation("the attachments are not what the commands say")
        over = self._share_cpu(turn)
        offset = 0
        for command, size in zip(commands, sizes, strict=True):
            self._perform(command, blob[offset : offset + size] if size else b"")
            offset += size
        if self._last_word is not None:
            # Now, and not when the connection ends: nothing must be sent there any more.
            self._channel.close()
            self._end(self._last_word, died=self._last_word.process)
            return
        if over is not None and over.id in self._requests:
            self._tell(over, _OVER_CPU)
        if not self._channel.unsent and not self._channel.in_turn:
            # It has seen all that there is.
            self._subrequests.unblock()

    def _share_cpu(self, turn: Turn) -> ActiveRequest | None:
        """Adds up what each request has used; gives the one, if any, that is over its limit now."""
        over: ActiveRequest | None = None
        shares = [max(0.0, share) for share in turn.spent[1::2]]
        total = sum(shares)
        fresh = self._ports.spoken_to(turn.events)
        for request, share in zip(turn.spent[::2], shares, strict=False):
            active = self._requests.get(int(request))
            if active is not None and total > 0:
                used = turn.cpu_ns * share / total
                active.cpu_ns += used
                if active.trace is not None:
                    active.trace.turn(turn.sent, used, len(turn.events))
                if active in fresh:
                    active.forgiven_ns = active.cpu_ns - used
                if active.cpu_ns - active.forgiven_ns > self._cpu_ns and not active.stopped:
                    # Before its commands are performed: what it has answered comes too late.
                    self._failed(active, _failure(Outcome.EXCEEDED_CPU, _OVER_CPU))
                    over = active
        return over

    def _stop(self, active: ActiveRequest, outcome: Outcome, reason: str) -> None:
        self._failed(active, _failure(outcome, reason))
        self._tell(active, reason)

    def _tell(self, active: ActiveRequest, reason: str) -> None:
        """Tells the isolate that a request is over."""
        active.stopped = time.perf_counter()
        self._channel.post(StopEvent(active.id, reason))

    def _perform(self, command: Command, attachment: bytes) -> None:
        match command:
            case RespondCommand():
                self._respond(command, attachment)
            case DoneCommand():
                if active := self._owner(command.request):
                    self._done(active)
            case FetchCommand():
                if active := self._owner(command.request, command.op):
                    self._subrequests.fetch(active, command, attachment)
                else:
                    self._bodies.refuse(command)
            case OperateCommand():
                if active := self._owner(command.request, command.op):
                    self._operations.start(active, command, attachment)
                else:
                    self._bodies.refuse(command)
            case CacheMatchCommand() | CachePutCommand() | CacheDeleteCommand():
                if active := self._owner(command.request, command.op):
                    self._caches.perform(active, command, attachment)
                elif isinstance(command, CachePutCommand):
                    self._bodies.refuse(command)
            case CauseCommand() | PassedCommand():
                active = self._owner(command.request)
                if active is not None and active.trace is not None:
                    active.trace.heard(command)
            case ChunkCommand():
                self._bodies.push(command.sink, attachment)
            case EndCommand():
                self._bodies.end(command.sink, command.error)
                if self._tracing.on:
                    note_sent(self._requests.values(), command.sink)
            case PullCommand():
                self._bodies.pull(command.stream, command.gather)
            case DiscardCommand():
                self._bodies.drop(command.stream)
            case TimerCommand():
                if active := self._owner(command.request, command.op):
                    if len(active.ops) >= _MOST_OPS:
                        self._stop(active, Outcome.EXCEEDED_MEMORY, _OVER_MEMORY)
                        return
                    delay = min(max(command.delay, 0), _LONGEST_TIMER) / 1000
                    if active.trace is not None and not command.own:
                        active.trace.op(command.op, "timer", f"{command.delay:.0f} ms")
                    active.ops[command.op] = asyncio.get_running_loop().call_later(
                        delay, self._fire, active, command.op
                    )
            case AbortCommand() | ClearCommand():
                any(self._subrequests.cancel(a, command.op) for a in self._requests.values())
            case CallCommand():
                active = self._owner(command.request)
                if active is not None and not active.stopped:
                    self._rpc.call(active, command, attachment)
            case ReturnCommand():
                if active := self._owner(command.request):
                    self._rpc.returned(active, command, attachment)
            case ReleaseCommand():
                self._rpc.release(command)
            case FailCommand():
                self._fail(command)
            case LogCommand():
                line = LogLine(self.worker, command.level, self._mask(command.message))
                request = command.request
                self._log(None if request is None else self._owner(request), line)
            case GoneCommand():
                if command.outcome not in _OUTCOMES:
                    raise ProtocolViolation(f"{command.outcome!r} is no outcome")
                self._last_word = command
            case _:
                perform_on_socket(command, attachment, self._ports, self._tcp, self._owner)

    def _owner(self, request: int, op: int | None = None) -> ActiveRequest | None:
        """The request that a command is for; None when it has ended, which its code may not have
        noticed. `op` is one that the command starts, which a request that was stopped may not."""
        active = self._requests.get(request)
        if active is None and not 0 < request <= self._last_request:
            raise ProtocolViolation(f"there was no request {request}")
        if active is not None and op in active.ops:
            raise ProtocolViolation(f"op {op} is under way")
        if active is not None and op is not None and active.stopped:
            return None
        return active

    def _respond(self, command: RespondCommand, inline: bytes) -> None:
        active = self._owner(command.request)
        if active is None or active.head.done:
            self._bodies.refuse(command)
            self._ports.refuse(command)
            return
        try:
            response = self._response(active, command, inline)
        except (BodyError, ValueError) as error:
            self._bodies.refuse(command)
            self._ports.refuse(command)
            self._failed(
                active, WorkerFailure(Outcome.EXCEPTION, WorkerError("TypeError", str(error), ""))
            )
            return
        active.status = command.status
        active.sink = command.sink
        active.answered = time.perf_counter()
        if active.trace is not None:
            active.trace.answer(command.status, active.answered)
        active.head.tell(response)

    def _response(self, active: ActiveRequest, command: RespondCommand, inline: bytes) -> Response:
        switches = self._ports.may_answer(active, command)
        if not (200 <= command.status <= 599 or switches):
            raise ValueError(f"{command.status} is no status that a response can have.")
        headers = response_headers(command.headers, head=active.request.method == "HEAD")
        if sum(map(len, headers)) > self._limits.response_headers_kb << 10:
            raise ValueError(
                f"The response's headers are larger than {self._limits.response_headers_kb} KB."
            )
        coding = header(headers, "content-encoding")
        body: bytes | Body | None = None
        encoded = command.encoded
        if command.inline is not None:
            body = self._bodies.response_body(inline)
        elif command.sink is not None:
            body = self._bodies.open_sink(command.sink, command.headers)
        elif command.stream is not None:
            body, still_encoded = self._bodies.hand_over(command.stream, coding)
            encoded = encoded or still_encoded
        if body is not None and coding is not None and not encoded and is_known(coding):
            body = encode(body, coding)
        socket = self._ports.answer(active, command) if switches else None
        return Response(command.status, headers, body, command.status_text, socket)

    def _fail(self, command: FailCommand) -> None:
        active = self._owner(command.request)
        if active is None:
            return
        if command.pass_through:
            self._bodies.take_back(active)
        outcome = (
            Outcome.EXCEEDED_CPU if command.outcome == Outcome.EXCEEDED_CPU else Outcome.EXCEPTION
        )
        error = WorkerError(
            self._mask(command.name[:_LONGEST_TEXT]),
            self._mask(command.message[:_LONGEST_TEXT]),
            self._mask(command.stack[:_LONGEST_TEXT]),
        )
        self._failed(active, WorkerFailure(outcome, error, pass_through=command.pass_through))

    def _failed(self, active: ActiveRequest, failure: WorkerFailure) -> None:
        # When the client has left, what that makes the Worker throw is no failure of its own.
        if active.outcome is Outcome.OK:
            active.outcome = failure.outcome
            active.error = failure.error
            active.ray = failure.ray
        if not active.head.done:
            if active.outcome is not Outcome.CANCELED:
                active.status = failure.status
            active.head.tell(failure)

    def _done(self, active: ActiveRequest) -> None:
        unfinished = list(active.ops) if active.trace is not None else []
        self._let_go(active)
        if not active.head.done:
            self._failed(active, _failure(Outcome.EXCEPTION, _NO_RESPONSE))
        if active.trace is not None:
            active.end_trace(active.trace, unfinished)
        self._observer.request_finished(active.record(self.worker))
        if not self._requests:
            self.idle_since = time.perf_counter()
            self._on_idle()

    def _let_go(self, active: ActiveRequest) -> None:
        if active.ops:
            for op in active.ops.values():
                op.cancel()
            active.ops.clear()
        self._subrequests.forget(active)
        if active.sockets:
            self._ports.end(active)
        self._rpc.forget(active)
        for stream in active.streams.copy():
            self._bodies.drop(stream)
        del self._requests[active.id]

    def _fire(self, active: ActiveRequest, op: int) -> None:
        active.ops.pop(op, None)
        if active.trace is not None:
            active.trace.op_settled(op)
        self._channel.post(TimerEvent(op))

    def _freed(self, active: ActiveRequest, op: int) -> None:
        self._subrequests.release(active, op)

    def _has_too_much(self) -> None:
        self._last_word = GoneCommand(Outcome.EXCEEDED_MEMORY, _OVER_MEMORY, process=False)

    def _warn(self, active: ActiveRequest, text: str) -> None:
        self._log(active, LogLine(self.worker, "warn", text))

    def _log(self, active: ActiveRequest | None, line: LogLine) -> None:
        """Up to the limit: of a request, or of all that is said outside of any."""
        size = len(line.message)
        if active is None:
            self._logged, before = self._logged + size, self._logged
        else:
            active.logged, before = active.logged + size, active.logged
        limit = self._limits.log_kb << 10
        if before + size <= limit:
            if active is not None and active.trace is not None:
                active.trace.log(line)
            self._observer.logged(line)
        elif before <= limit:
            text = _LOG_LIMIT.format(kb=self._limits.log_kb)
            self._observer.logged(LogLine(self.worker, "warn", text))

    # --- The end ----------------------------------------------------------------------------------

    def _closed(self, reason: str, lied: bool) -> None:
        word = self._last_word
        if word is None or lied:
            word = GoneCommand(Outcome.INTERNAL_ERROR, reason, process=lied)
        self._end(word, died=not lied and (self._last_word is None or word.process))

    def _end(self, word: GoneCommand, *, died: bool = False) -> None:
        """`died`: it is one turn's fault that the process has ended, or has to."""
        if self._ended:
            return
        self._ended = True
        self._bodies.break_off(word.message)
        ending = Ending(process=word.process or died, wanted=word.outcome == Outcome.CANCELED)
        self._ports.break_off(Closed(GOING_AWAY) if ending.wanted else LOST)
        unsent = {event.request for event in self._channel.unsent if type(event) is RequestEvent}
        begin_elsewhere = not ending.wanted
        begun = [active for active in self._requests.values() if active.id not in unsent]
        if word.process:
            self._inmates.convict(self)
        verdict = self._inmates.verdict(self) if died else Verdict.BYSTANDER
        self._inmates.remove(self)
        suspected = set[ActiveRequest]()
        if verdict is not Verdict.BYSTANDER:
            suspected = suspects(self._channel.in_turn, begun)
            ending.crashed = bool(self._channel.in_turn)
        for active in list(self._requests.values()):
            if active.id in unsent and active.outcome is Outcome.OK and begin_elsewhere:
                active.begun -= 1
                ending.moved.append(self._give_away(active))
            elif active in suspected:
                failure = _failure(Outcome.EXCEEDED_MEMORY, _TOOK_DOWN)
                if word.process:
                    failure = _failure(Outcome(word.outcome), word.message)
                alone = len(suspected) == 1 and verdict is Verdict.GUILTY
                self._suspect(active, ending, failure, alone=alone)
            elif died and self._may_begin_again(active):
                ending.moved.append(self._give_away(active))
            else:
                self._failed(active, _failure(Outcome(word.outcome), word.message))
                self._done(active)
        self._on_end(ending)

    def _suspect(
        self, active: ActiveRequest, ending: Ending, failure: WorkerFailure, *, alone: bool
    ) -> None:
        active.suspected += 1
        if alone or active.suspected > 1 or not self._may_begin_again(active):
            self._failed(active, failure)
            self._done(active)
        else:
            ending.suspects.append(self._give_away(active))

    def _may_begin_again(self, active: ActiveRequest) -> bool:
        return may_begin_again(active, body_is_whole=self._bodies.is_whole(active))

    def _give_away(self, active: ActiveRequest) -> ActiveRequest:
        """Lets go of a request that is to begin in another isolate."""
        if active.body_stream is not None:
            self._bodies.forget(active.body_stream)
        self._let_go(active)
        active.isolate, active.connections, active.sink = None, None, None
        active.bodies.clear()
        active.subrequests = active.operations = 0
        return active


def _failure(outcome: Outcome, reason: str) -> WorkerFailure:
    return WorkerFailure(outcome, WorkerError("Error", reason, ""))
