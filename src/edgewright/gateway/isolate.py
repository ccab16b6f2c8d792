"""One loaded isolate, as the gateway sees it: requests go in, and each command that comes out is
checked against what the isolate owns and performed."""

from __future__ import annotations

import asyncio
import re
import socket
from collections.abc import Callable

from edgewright.gateway.active import ActiveRequest, WorkerFailure
from edgewright.gateway.bodies import SinkBody, Stream
from edgewright.gateway.channel import Channel
from edgewright.gateway.coding import encode, is_known
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
    PullCommand,
    RequestEvent,
    RespondCommand,
    ResponseEvent,
    TimerCommand,
    TimerEvent,
)
from edgewright.subrequest.client import SubrequestClient, SubrequestError, header

_HOP_BY_HOP = frozenset(
    {"connection", "content-length", "keep-alive", "proxy-connection", "te", "trailer",
     "transfer-encoding", "upgrade"}
)  # fmt: skip
_UNSAFE = re.compile(r"[\0\r\n]")
_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")


class ProtocolViolation(Exception):
    """An isolate asked for something that it has no right to."""


class Isolate:
    """Requests of one Worker version, in one V8 isolate.

    `on_idle` is called whenever the last request has ended, `on_gone` when the isolate is lost.
    """

    def __init__(
        self,
        worker: str,
        connection: socket.socket,
        client: SubrequestClient,
        observer: Observer,
        *,
        on_idle: Callable[[], None],
        on_gone: Callable[[], None],
    ) -> None:
        self.worker = worker
        self._client = client
        self._observer = observer
        self._on_idle = on_idle
        self._on_gone = on_gone
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

    def start(self, request: Request) -> ActiveRequest:
        """Hands a request to the Worker. Its `head` gets the Response, or a WorkerFailure."""
        self._last_request += 1
        active = ActiveRequest(
            self._last_request,
            request,
            asyncio.get_running_loop().create_future(),
        )
        self._requests[active.id] = active
        inline, stream = self._offer(active, request.body)
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
        )
        return active

    def client_gone(self, active: ActiveRequest) -> None:
        """The client of a request went away before it had the whole response."""
        if active.id not in self._requests:
            return
        if active.outcome is Outcome.OK:
            sent = active.status != 0
            active.outcome = Outcome.RESPONSE_STREAM_DISCONNECTED if sent else Outcome.CANCELED
        self._channel.post(AbortEvent(active.id))

    def take_body(self, active: ActiveRequest) -> bytes | Body | None:
        """The request's body, if no byte of it was given away. Raises BodyError."""
        if active.body_stream is None:
            return active.request.body
        stream = self._streams.get(active.body_stream)
        if stream is None or stream.reading is not None:
            raise BodyError("The request's body has been read.")
        return self._hand_over(active.body_stream, None)[0]

    def close(self) -> None:
        """Ends the isolate and whatever still runs in it."""
        self._channel.close()
        self._fail_all(GoneCommand(Outcome.CANCELED, "The Worker was stopped."))

    # --- Commands ---------------------------------------------------------------------------------

    def _turn(self, spent: list[float], cpu_ns: int, commands: list[Command], blob: bytes) -> None:
        self._share_cpu(spent, cpu_ns)
        offset = 0
        for command in commands:
            size = _attachment_size(command)
            self._perform(command, blob[offset : offset + size] if size else b"")
            offset += size

    def _share_cpu(self, spent: list[float], cpu_ns: int) -> None:
        total = sum(spent[1::2])
        for index in range(0, len(spent) - 1, 2):
            active = self._requests.get(int(spent[index]))
            if active is not None and total > 0:
                active.cpu_ns += cpu_ns * spent[index + 1] / total

    def _perform(self, command: Command, attachment: bytes) -> None:
        match command:
            case RespondCommand():
                self._respond(command, attachment)
            case DoneCommand():
                self._done(self._owner(command.request))
            case FetchCommand():
                self._fetch(command, attachment)
            case ChunkCommand():
                if sink := self._sinks.get(command.sink):
                    sink.push(attachment)
            case EndCommand():
                if sink := self._sinks.pop(command.sink, None):
                    sink.end(command.error)
            case PullCommand():
                self._pull(command.stream)
            case DiscardCommand():
                self._drop_stream(command.stream)
            case TimerCommand():
                active = self._owner(command.request)
                active.ops[command.op] = asyncio.get_running_loop().call_later(
                    max(0.0, command.delay / 1000), self._fire, active, command.op
                )
            case AbortCommand() | ClearCommand():
                self._cancel_op(command.op)
            case FailCommand():
                self._fail(command)
            case LogCommand():
                self._observer.logged(LogLine(self.worker, command.level, command.message))
            case GoneCommand():
                self._last_word = command

    def _owner(self, request: int) -> ActiveRequest:
        active = self._requests.get(request)
        if active is None:
            raise ProtocolViolation(f"request {request} is not open")
        return active

    def _respond(self, command: RespondCommand, inline: bytes) -> None:
        active = self._owner(command.request)
        if active.head.done():
            self._let_go(command.stream)
            return
        try:
            response = self._response(command, inline)
        except (BodyError, ValueError) as error:
            self._let_go(command.stream)
            self._failed(
                active, WorkerFailure(Outcome.EXCEPTION, WorkerError("TypeError", str(error), ""))
            )
            return
        active.status = command.status
        active.head.set_result(response)

    def _response(self, command: RespondCommand, inline: bytes) -> Response:
        if not 200 <= command.status <= 599:
            raise ValueError(f"{command.status} is no status that a response can have.")
        headers = _response_headers(command.headers)
        coding = header(headers, "content-encoding")
        body: bytes | Body | None = None
        encoded = command.encoded
        if command.inline is not None:
            body = inline
        elif command.sink is not None:
            body = self._open_sink(command.sink)
        elif command.stream is not None:
            body, still_encoded = self._hand_over(command.stream, coding)
            encoded = encoded or still_encoded
        if body is not None and coding is not None and not encoded and is_known(coding):
            body = encode(body, coding)
        return Response(command.status, headers, body, command.status_text)

    def _fail(self, command: FailCommand) -> None:
        active = self._owner(command.request)
        outcome = (
            Outcome.EXCEEDED_CPU if command.outcome == Outcome.EXCEEDED_CPU else Outcome.EXCEPTION
        )
        error = WorkerError(command.name, command.message, command.stack)
        self._failed(active, WorkerFailure(outcome, error, pass_through=command.pass_through))

    def _failed(self, active: ActiveRequest, failure: WorkerFailure) -> None:
        active.outcome = failure.outcome
        active.error = failure.error
        if not active.head.done():
            active.head.set_exception(failure)
            active.head.exception()  # seen: the client may be gone, and nobody waiting

    def _done(self, active: ActiveRequest) -> None:
        for op in active.ops.values():
            op.cancel()
        active.ops.clear()
        for stream in active.streams.copy():
            self._drop_stream(stream)
        del self._requests[active.id]
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

    # --- Subrequests and timers -------------------------------------------------------------------

    def _fetch(self, command: FetchCommand, inline: bytes) -> None:
        active = self._owner(command.request)
        active.subrequests += 1
        body: bytes | Body | None = None
        if command.inline is not None:
            body = inline
        elif command.sink is not None:
            body = self._open_sink(command.sink)
        elif command.stream is not None:
            coding = header(command.headers, "content-encoding")
            body, _ = self._hand_over(command.stream, coding)
        active.ops[command.op] = asyncio.get_running_loop().create_task(
            self._subrequest(active, command, body)
        )

    async def _subrequest(
        self, active: ActiveRequest, command: FetchCommand, body: bytes | Body | None
    ) -> None:
        try:
            upstream = await self._client.fetch(
                command.method, command.url, command.headers, body, command.redirect
            )
        except SubrequestError as error:
            active.ops.pop(command.op, None)
            self._channel.post(FailureEvent(command.op, error.name, error.message))
            return
        active.ops.pop(command.op, None)
        if active.id not in self._requests:
            return
        inline, stream = self._offer(
            active, upstream.body, header(upstream.headers, "content-encoding")
        )
        self._channel.post(
            ResponseEvent(
                command.op,
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
                return

    # --- Streams and sinks ------------------------------------------------------------------------

    def _offer(
        self, active: ActiveRequest, body: bytes | Body | None, coding: str | None = None
    ) -> tuple[bytes | None, int | None]:
        """Gives an isolate a body: its bytes, or a stream that it may pull or pass on."""
        if body is None or isinstance(body, bytes):
            return body, None
        self._last_stream += 1
        known = coding.lower() if coding is not None and is_known(coding) else None
        self._streams[self._last_stream] = Stream(active.id, body, known)
        active.streams.add(self._last_stream)
        return None, self._last_stream

    def _pull(self, id: int) -> None:
        stream = self._streams.get(id)
        if stream is None:
            self._channel.post(EndEvent(id, "The body is gone: its request has ended."))
        elif stream.reading is None or stream.reading.done():
            stream.reading = asyncio.get_running_loop().create_task(self._read(id, stream))

    async def _read(self, id: int, stream: Stream) -> None:
        try:
            chunk = await stream.decoded().read()
        except BodyError as error:
            self._forget_stream(id)
            self._channel.post(EndEvent(id, str(error)))
            return
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

    def _open_sink(self, id: int) -> SinkBody:
        if id in self._sinks:
            raise ProtocolViolation(f"sink {id} has a reader")

        def cancel() -> None:
            self._sinks.pop(id, None)
            self._channel.post(CancelEvent(id, "The client has disconnected."))

        sink = SinkBody(
            on_taken=lambda size: self._channel.post(CreditEvent(id, size)), on_cancel=cancel
        )
        self._sinks[id] = sink
        return sink

    def _let_go(self, stream: int | None) -> None:
        if stream is not None:
            self._drop_stream(stream)

    def _drop_stream(self, id: int) -> None:
        if stream := self._forget_stream(id):
            stream.discard()

    def _forget_stream(self, id: int) -> Stream | None:
        stream = self._streams.pop(id, None)
        if stream is not None and (active := self._requests.get(stream.request)):
            active.streams.discard(id)
        return stream

    # --- The end ----------------------------------------------------------------------------------

    def _closed(self, reason: str) -> None:
        self._fail_all(self._last_word or GoneCommand(Outcome.INTERNAL_ERROR, reason))
        self._on_gone()

    def _fail_all(self, word: GoneCommand) -> None:
        failure = WorkerFailure(Outcome(word.outcome), WorkerError("Error", word.message, ""))
        for sink in self._sinks.values():
            sink.end(word.message)
        self._sinks.clear()
        for active in list(self._requests.values()):
            self._failed(active, failure)
            self._done(active)


def _attachment_size(command: Command) -> int:
    if isinstance(command, ChunkCommand):
        return command.size
    if isinstance(command, RespondCommand | FetchCommand):
        return command.inline or 0
    return 0


def _response_headers(flat: list[str]) -> list[str]:
    """A Worker's headers without those that are the connection's own. Raises ValueError."""
    if len(flat) % 2 or _UNSAFE.search("".join(flat)):
        raise ValueError("A response header holds a line break or a NUL.")
    headers: list[str] = []
    for index in range(0, len(flat), 2):
        name = flat[index]
        if not _TOKEN.fullmatch(name):
            raise ValueError(f"{name!r} is not a header's name.")
        if name not in _HOP_BY_HOP:
            headers += (name, flat[index + 1])
    return headers
