"""One loaded isolate, as the gateway sees it: requests go in, and each command that comes out is
checked against what the isolate owns and performed."""

from __future__ import annotations

import asyncio
import re
import socket
import time
from collections.abc import Callable
from functools import partial

from edgewright.config.limits import Limits
from edgewright.gateway.active import ActiveRequest, WorkerFailure
from edgewright.gateway.bodies import SinkBody, Stream
from edgewright.gateway.casualties import IDEMPOTENT, Ending, may_begin_again, suspects
from edgewright.gateway.channel import Channel
from edgewright.gateway.coding import encode, is_known
from edgewright.gateway.connections import STALLED, ClosedBody, Connections
from edgewright.messages import Body, BodyError, Request, Response
from edgewright.observe.records import LogLine, Observer, Outcome, WorkerError
from edgewright.protocol.messages import (
    AbortCommand,
    AbortEvent,
    CancelEvent,
    ChunkCommand,
    ChunkEvent,
    ClearCommand,
    Command,
    CreditEvent,
    DiscardCommand,
    DoneCommand,
    EndCommand,
    EndEvent,
    FailCommand,
    FailureEvent,
    FetchCommand,
    GoneCommand,
    LogCommand,
    ProtocolViolation,
    PullCommand,
    RequestEvent,
    RespondCommand,
    ResponseEvent,
    StopEvent,
    TimerCommand,
    TimerEvent,
    attachment_size,
)
from edgewright.subrequest.client import TOO_MANY, SubrequestClient
from edgewright.subrequest.upstream import (
    SubrequestError,
    UpstreamResponse,
    content_length,
    header,
)

_HOP_BY_HOP = frozenset(
    {"connection", "content-length", "keep-alive", "proxy-connection", "te", "trailer",
     "transfer-encoding", "upgrade"}
)  # fmt: skip
_UNSAFE = re.compile(r"[^\t\x20-\x7e\x80-\xff]")
"""What HTTP has no place for in a field's value (RFC 9110 §5.5)."""
_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")

_OUTCOMES = frozenset[str](Outcome)
_LEFT = (Outcome.CANCELED, Outcome.RESPONSE_STREAM_DISCONNECTED)
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

_LONGEST_TIMER = 2**31 - 1
"""Milliseconds; HTML's timers take no more."""


class Isolate:
    """Requests of one Worker version, in one V8 isolate.

    `on_idle` is called whenever the last request has ended, `on_end` once when the isolate has,
    however it did.
    """

    def __init__(
        self,
        worker: str,
        limits: Limits,
        connection: socket.socket,
        client: SubrequestClient,
        observer: Observer,
        *,
        on_idle: Callable[[], None],
        on_end: Callable[[Ending], None],
    ) -> None:
        self.worker = worker
        self._limits = limits
        self._cpu_ns = limits.cpu_ns
        self._queueing: set[ActiveRequest] = set()
        """Requests with subrequests that wait for a connection."""
        self._logged = 0
        self._client = client
        self._observer = observer
        self._on_idle = on_idle
        self._on_end = on_end
        self._ended = False
        self._requests: dict[int, ActiveRequest] = {}
        self._streams: dict[int, Stream] = {}
        self._sinks: dict[int, SinkBody] = {}
        self._last_request = 0
        self._last_stream = 0
        self._last_word: GoneCommand | None = None
        self._channel = Channel(connection, on_turn=self._turn, on_close=self._closed)

    @property
    def busy(self) -> bool:
        return bool(self._requests)

    @property
    def used(self) -> bool:
        """Whether it was ever given a request."""
        return self._last_request > 0

    def start(self, request: Request) -> ActiveRequest:
        """Hands a request to the Worker. Its `head` gets the Response, or a WorkerFailure."""
        active = ActiveRequest(0, request, asyncio.get_running_loop().create_future())
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
        inline, stream = request.body, None
        if inline is not None and not isinstance(inline, bytes):
            inline, stream = None, self._keep(active, inline)
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
            ),
            inline or b"",
            # Nothing else is going on: a round of the event loop would only be waited for.
            alone=len(self._requests) == 1,
        )

    def client_gone(self, active: ActiveRequest) -> None:
        """The client of a request went away before it had the whole response."""
        if active.isolate is None:  # it is being moved
            active.outcome = Outcome.CANCELED
            return
        if active.isolate is not self:
            active.isolate.client_gone(active)
            return
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
            if not active.head.done():
                if now > active.started + limits.wall_ms / 1000:
                    self._stop(active, Outcome.EXCEEDED_WALL_TIME, _LATE_RESPONSE)
            elif active.sink in self._sinks:
                active.answered = now
            elif now > active.answered + limits.wait_until_ms / 1000:
                self._log(active, LogLine(self.worker, "warn", _LATE_WAIT_UNTIL))
                self._tell(active, _LATE_WAIT_UNTIL)

    def give_up(self) -> None:
        """Ends an isolate that hangs."""
        self._channel.close()
        self._end(GoneCommand(Outcome.EXCEEDED_CPU, _OVER_CPU, process=True), died=True)

    def close(self) -> None:
        """Ends the isolate and whatever still runs in it."""
        self._channel.close()
        self._end(GoneCommand(Outcome.CANCELED, "The Worker was stopped.", process=False))

    # --- Commands ---------------------------------------------------------------------------------

    def _turn(self, spent: list[float], cpu_ns: int, commands: list[Command], blob: bytes) -> None:
        sizes = [attachment_size(command) for command in commands]
        if sum(sizes) != len(blob) or min(sizes, default=0) < 0:
            raise ProtocolViolation("the attachments are not what the commands say")
        over = self._share_cpu(spent, cpu_ns)
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
        if self._queueing and not self._channel.unsent:
            self._unblock()

    def _share_cpu(self, spent: list[float], cpu_ns: int) -> ActiveRequest | None:
        """Adds up what each request has used; gives the one, if any, that is over its limit now."""
        over: ActiveRequest | None = None
        total = sum(spent[1::2])
        for index in range(0, len(spent) - 1, 2):
            active = self._requests.get(int(spent[index]))
            if active is not None and total > 0:
                active.cpu_ns += cpu_ns * spent[index + 1] / total
                if active.cpu_ns > self._cpu_ns and not active.stopped:
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
                self._fetch(command, attachment)
            case ChunkCommand():
                if sink := self._sinks.get(command.sink):
                    if sink.full:
                        raise ProtocolViolation(f"sink {command.sink} sends without credit")
                    sink.push(attachment)
            case EndCommand():
                if sink := self._sinks.pop(command.sink, None):
                    sink.end(command.error)
            case PullCommand():
                self._pull(command.stream)
            case DiscardCommand():
                self._drop_stream(command.stream)
            case TimerCommand():
                if active := self._owner(command.request, command.op):
                    delay = min(max(command.delay, 0), _LONGEST_TIMER) / 1000
                    active.ops[command.op] = asyncio.get_running_loop().call_later(
                        delay, self._fire, active, command.op
                    )
            case AbortCommand() | ClearCommand():
                self._cancel_op(command.op)
            case FailCommand():
                self._fail(command)
            case LogCommand():
                line = LogLine(self.worker, command.level, command.message)
                request = command.request
                self._log(None if request is None else self._owner(request), line)
            case GoneCommand():
                if command.outcome not in _OUTCOMES:
                    raise ProtocolViolation(f"{command.outcome!r} is no outcome")
                self._last_word = command

    def _owner(self, request: int, op: int | None = None) -> ActiveRequest | None:
        """The request that a command is for; None when it has ended, which its code may not have
        noticed. `op` is one that the command starts."""
        active = self._requests.get(request)
        if active is None and not 0 < request <= self._last_request:
            raise ProtocolViolation(f"there was no request {request}")
        if active is not None and op in active.ops:
            raise ProtocolViolation(f"op {op} is under way")
        return active

    def _respond(self, command: RespondCommand, inline: bytes) -> None:
        active = self._owner(command.request)
        if active is None or active.head.done():
            self._refuse_body(command)
            return
        try:
            response = self._response(active, command, inline)
        except (BodyError, ValueError) as error:
            self._refuse_body(command)
            self._failed(
                active, WorkerFailure(Outcome.EXCEPTION, WorkerError("TypeError", str(error), ""))
            )
            return
        active.status = command.status
        active.sink = command.sink
        active.answered = time.perf_counter()
        active.head.set_result(response)

    def _response(self, active: ActiveRequest, command: RespondCommand, inline: bytes) -> Response:
        if not 200 <= command.status <= 599:
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
            body = inline
        elif command.sink is not None:
            body = self._open_sink(command.sink, command.headers)
        elif command.stream is not None:
            body, still_encoded = self._hand_over(command.stream, coding)
            encoded = encoded or still_encoded
        if body is not None and coding is not None and not encoded and is_known(coding):
            body = encode(body, coding)
        return Response(command.status, headers, body, command.status_text)

    def _fail(self, command: FailCommand) -> None:
        active = self._owner(command.request)
        if active is None:
            return
        if command.pass_through:
            self._take_body(active)
        outcome = (
            Outcome.EXCEEDED_CPU if command.outcome == Outcome.EXCEEDED_CPU else Outcome.EXCEPTION
        )
        error = WorkerError(command.name, command.message, command.stack)
        self._failed(active, WorkerFailure(outcome, error, pass_through=command.pass_through))

    def _failed(self, active: ActiveRequest, failure: WorkerFailure) -> None:
        # When the client has left, what that makes the Worker throw is no failure of its own.
        if active.outcome is Outcome.OK:
            active.outcome = failure.outcome
            active.error = failure.error
            active.ray = failure.ray
        if not active.head.done():
            if active.outcome is not Outcome.CANCELED:
                active.status = failure.status
            active.head.set_exception(failure)
            active.head.exception()  # seen: the client may be gone, and nobody waiting

    def _done(self, active: ActiveRequest) -> None:
        self._let_go(active)
        if not active.head.done():
            self._failed(
                active,
                WorkerFailure(
                    Outcome.EXCEPTION,
                    WorkerError("Error", "The script will never generate a response.", ""),
                ),
            )
        self._observer.request_finished(active.record(self.worker))
        if not self._requests:
            self._on_idle()

    def _let_go(self, active: ActiveRequest) -> None:
        for op in active.ops.values():
            op.cancel()
        active.ops.clear()
        self._queueing.discard(active)
        for stream in active.streams.copy():
            self._drop_stream(stream)
        del self._requests[active.id]

    # --- Subrequests and timers -------------------------------------------------------------------

    def _fetch(self, command: FetchCommand, inline: bytes) -> None:
        active = self._owner(command.request, command.op)
        if active is None:
            self._refuse_body(command)
            return
        if not self._may_fetch(active):
            self._refuse_body(command)
            self._channel.post(FailureEvent(command.op, "Error", TOO_MANY))
            return
        body: bytes | Body | None = None
        if command.inline is not None:
            body = inline
        elif command.sink is not None:
            body = self._open_sink(command.sink, command.headers)
        elif command.stream is not None:
            coding = header(command.headers, "content-encoding")
            try:
                body, _ = self._hand_over(command.stream, coding)
            except BodyError as error:
                self._channel.post(FailureEvent(command.op, "TypeError", str(error)))
                return
        if command.method not in IDEMPOTENT:
            active.unsafe = True
        if active.connections is None:
            active.connections = Connections(self._limits.connections)
        if active.connections.take(command.op):
            self._start_fetch(active, command, body)
            return
        start = partial(self._start_fetch, active, command, body)
        active.ops[command.op] = active.connections.queue(command.op, start, body)
        self._queueing.add(active)

    def _may_fetch(self, active: ActiveRequest) -> bool:
        active.subrequests += 1
        return active.subrequests <= self._limits.subrequests

    def _start_fetch(
        self, active: ActiveRequest, command: FetchCommand, body: bytes | Body | None
    ) -> None:
        try:
            active.ops[command.op] = self._client.start(
                command.method,
                command.url,
                command.headers,
                body,
                command.redirect,
                partial(self._fetched, active, command.op),
                partial(self._may_fetch, active),
            )
        except SubrequestError as error:
            active.ops.pop(command.op, None)
            self._channel.post(FailureEvent(command.op, error.name, error.message))
            self._release(active, command.op)

    def _release(self, active: ActiveRequest, op: int) -> None:
        """A subrequest needs its connection no more."""
        if active.connections is not None:
            active.connections.release(op)
            if not active.connections.waiting:
                self._queueing.discard(active)

    def _unblock(self) -> None:
        """Where all connections of a request are open for bodies that it does not read, and others
        wait for them, the one that was not used for longest is closed."""
        for active in list(self._queueing):
            if active.connections is None:
                continue
            idle = [
                stream
                for id in active.streams
                if (stream := self._streams[id]).op in active.connections.open
                and (stream.reading is None or stream.reading.done())
            ]
            if len(idle) < len(active.connections.open):
                continue
            stalled = min(idle, key=lambda stream: stream.used)
            stalled.discard()
            stalled.body, stalled.coding = ClosedBody(), None
            self._log(active, LogLine(self.worker, "warn", STALLED))
            op, stalled.op = stalled.op, None
            if op is not None:
                active.bodies.pop(op, None)
                self._release(active, op)

    def _fetched(
        self, active: ActiveRequest, op: int, upstream: UpstreamResponse | SubrequestError
    ) -> None:
        del active.ops[op]
        if isinstance(upstream, SubrequestError):
            self._channel.post(FailureEvent(op, upstream.name, upstream.message))
            self._release(active, op)
            return
        body = upstream.body
        if body is None or isinstance(body, bytes):
            inline, stream = body, None
            self._release(active, op)
        else:
            active.bodies[op] = body
            inline = None
            stream = self._keep(active, body, header(upstream.headers, "content-encoding"))
            self._streams[stream].op = op
            self._streams[stream].used = time.perf_counter()
        self._channel.post(
            ResponseEvent(
                op,
                upstream.status,
                upstream.status_text,
                upstream.headers,
                upstream.url,
                upstream.redirected,
                None if inline is None else len(inline),
                stream,
            ),
            inline or b"",
        )

    def _fire(self, active: ActiveRequest, op: int) -> None:
        active.ops.pop(op, None)
        self._channel.post(TimerEvent(op))

    def _cancel_op(self, op: int) -> None:
        for active in self._requests.values():
            if (running := active.ops.pop(op, None)) is not None:
                running.cancel()
                self._release(active, op)
                return
            if (body := active.bodies.pop(op, None)) is not None:
                body.break_off("The operation was aborted.")
                return

    # --- Streams and sinks ------------------------------------------------------------------------

    def _keep(self, active: ActiveRequest, body: Body, coding: str | None = None) -> int:
        """Keeps a body for an isolate, which may pull it or pass it on: the id of its stream."""
        self._last_stream += 1
        known = coding.lower() if coding is not None and is_known(coding) else None
        self._streams[self._last_stream] = Stream(active.id, body, known)
        active.streams.add(self._last_stream)
        return self._last_stream

    def _pull(self, id: int) -> None:
        stream = self._streams.get(id)
        if stream is None:
            self._channel.post(EndEvent(id, "The body is gone: its request has ended."))
        elif stream.reading is None or stream.reading.done():
            stream.reading = asyncio.get_running_loop().create_task(self._read(id, stream))

    async def _read(self, id: int, stream: Stream) -> None:
        try:
            chunk = await stream.decoded().read()
        except Exception as error:
            self._forget_stream(id)
            known = isinstance(error, BodyError)
            self._channel.post(EndEvent(id, str(error) if known else "internal error"))
            if not known:
                raise
            return
        stream.used = time.perf_counter()
        if chunk:
            self._channel.post(ChunkEvent(id, len(chunk)), chunk)
        else:
            self._forget_stream(id)
            self._channel.post(EndEvent(id, None))

    def _hand_over(self, id: int, coding: str | None) -> tuple[Body, bool]:
        """Takes a stream from its isolate, to be piped where the isolate said; and whether it is
        still in the coding `coding`, which is what the receiver is told. Raises BodyError."""
        stream = self._forget_stream(id)
        if stream is None:
            raise BodyError("The body has been read or its request has ended.")
        if stream.coding is not None and coding is not None and stream.coding == coding.lower():
            return stream.body, True
        return stream.decoded(), False

    def _open_sink(self, id: int, headers: list[str]) -> SinkBody:
        if id in self._sinks:
            raise ProtocolViolation(f"sink {id} has a reader")

        def cancel() -> None:
            self._sinks.pop(id, None)
            self._channel.post(CancelEvent(id, "The client has disconnected."))

        sink = SinkBody(
            content_length(headers),
            on_taken=lambda size: self._channel.post(CreditEvent(id, size)),
            on_cancel=cancel,
        )
        self._sinks[id] = sink
        return sink

    def _take_body(self, active: ActiveRequest) -> None:
        """Takes the request's body back from the isolate if no byte of it was given away."""
        if active.body_stream is None:
            active.body_is_whole = True
            return
        stream = self._streams.get(active.body_stream)
        if stream is not None and stream.reading is None:
            self._forget_stream(active.body_stream)
            active.body_is_whole = True

    def _refuse_body(self, command: RespondCommand | FetchCommand) -> None:
        """Nobody is there to take it."""
        if command.stream is not None:
            self._drop_stream(command.stream)
        if command.sink is not None and command.sink not in self._sinks:
            self._channel.post(CancelEvent(command.sink, "Nobody reads this body."))

    def _drop_stream(self, id: int) -> None:
        if stream := self._forget_stream(id):
            stream.discard()

    def _forget_stream(self, id: int) -> Stream | None:
        stream = self._streams.pop(id, None)
        if stream is not None and (active := self._requests.get(stream.request)):
            active.streams.discard(id)
            if stream.op is not None:
                self._release(active, stream.op)
        return stream

    # --- The end ----------------------------------------------------------------------------------

    def _log(self, active: ActiveRequest | None, line: LogLine) -> None:
        """Up to the limit: of a request, or of all that is said outside of any."""
        size = len(line.message)
        if active is None:
            self._logged, before = self._logged + size, self._logged
        else:
            active.logged, before = active.logged + size, active.logged
        limit = self._limits.log_kb << 10
        if before + size <= limit:
            self._observer.logged(line)
        elif before <= limit:
            text = _LOG_LIMIT.format(kb=self._limits.log_kb)
            self._observer.logged(LogLine(self.worker, "warn", text))

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
        for sink in self._sinks.values():
            sink.end(word.message)
        self._sinks.clear()
        ending = Ending(process=word.process or died)
        unsent = {event.request for event in self._channel.unsent if type(event) is RequestEvent}
        # Otherwise it is the Worker that is to end.
        begin_elsewhere = word.outcome != Outcome.CANCELED
        begun = [active for active in self._requests.values() if active.id not in unsent]
        suspected = suspects(self._channel.in_turn, begun) if died else set[ActiveRequest]()
        ending.crashed = died and bool(self._channel.in_turn)
        for active in list(self._requests.values()):
            if active.id in unsent and active.outcome is Outcome.OK and begin_elsewhere:
                active.begun -= 1
                ending.moved.append(self._give_away(active))
            elif active in suspected:
                failure = _failure(Outcome.EXCEEDED_MEMORY, _TOOK_DOWN)
                if word.process:
                    failure = _failure(Outcome(word.outcome), word.message)
                self._suspect(active, ending, failure, alone=len(suspected) == 1)
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
        stream = self._streams.get(active.body_stream) if active.body_stream is not None else None
        whole = active.body_stream is None or (stream is not None and stream.reading is None)
        return may_begin_again(active, body_is_whole=whole)

    def _give_away(self, active: ActiveRequest) -> ActiveRequest:
        """Lets go of a request that is to begin in another isolate."""
        if active.body_stream is not None:
            self._forget_stream(active.body_stream)
        self._let_go(active)
        active.isolate, active.connections, active.sink = None, None, None
        active.bodies.clear()
        active.subrequests = 0
        return active


def _failure(outcome: Outcome, reason: str) -> WorkerFailure:
    return WorkerFailure(outcome, WorkerError("Error", reason, ""))


def response_headers(flat: list[str], *, head: bool) -> list[str]:
    """A response's headers without those that are the connection's own. Raises ValueError.

    The response to a HEAD request says how long the body would be (RFC 9110 §8.6), which nobody
    but the one who answers knows."""
    if len(flat) % 2 or _UNSAFE.search("".join(flat)):
        raise ValueError("A response header holds a character that HTTP does not allow.")
    headers: list[str] = []
    for index in range(0, len(flat), 2):
        name = flat[index]
        if not _TOKEN.fullmatch(name):
            raise ValueError(f"{name!r} is not a header's name.")
        if name not in _HOP_BY_HOP or (head and name == "content-length"):
            headers += (name, flat[index + 1])
    return headers
