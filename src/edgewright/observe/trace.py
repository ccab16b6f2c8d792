"""What happens to a request, written down as it happens.

Recording has to be cheap: the gateway notes times and facts here, as plain attributes and tuples,
and nobody makes a span of them before the request is over and somebody wants one (spans.py). Times
are `perf_counter()`'s, in seconds.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from time import perf_counter, time
from typing import TYPE_CHECKING

from edgewright.observe.trace_context import parse_traceparent, tracestate
from edgewright.observe.upstreams import SlowUpstream, Upstreams
from edgewright.protocol.messages import CauseCommand, PassedCommand
from edgewright.secrets.masking import Mask, no_mask

if TYPE_CHECKING:
    from edgewright.config.limits import Limits
    from edgewright.messages import Request
    from edgewright.observe.records import LogLine, Outcome, WorkerError
    from edgewright.subrequest.upstream import SubrequestError, UpstreamResponse

MOST_NOTES = 10_000
"""Of each kind, for one request; what is more is counted and not kept."""

_IDS = random.SystemRandom()
_LONGEST = 2048
"""Characters of a subrequest's URL, and of a place in the code, that are kept."""
_FORMS = {"toText": "text()", "toBuffer": "arrayBuffer()", "toBytes": "bytes()"}
_HEX = tuple(f"{byte:02x}" for byte in range(256))
"""Looked up, as to format a span's id takes longer than all else that is noted of a subrequest."""

getrandbits = random.Random(_IDS.getrandbits(256)).getrandbits
"""Ids tell spans apart and keep no secret: they need no system call each."""


class FetchTrace:
    """One subrequest. What did not happen (no connection was made, no byte came) stays 0."""

    # Neither __slots__ nor __init__(): most stay at their defaults, which cost nothing as those
    # of the class, and Trace.fetch() sets the others faster than another call could.
    op = 0
    span_id = 0
    method = ""
    url = ""
    service: str | None = None
    """The service binding that it went by; None for the network."""
    asked = 0.0
    """The Worker called fetch()."""
    started = 0.0
    """It left the queue for one of the request's connections."""
    dialed = 0.0
    """A new connection was begun for it; 0 where one was there."""
    resolved = 0.0
    """The name's addresses were known."""
    connected = 0.0
    """TCP's handshake was done."""
    secured = 0.0
    """TLS's was."""
    sent = 0.0
    first_byte = 0.0
    """The response's head was there."""
    settled = 0.0
    """The Worker was told."""
    ended = 0.0
    """The last byte of the response had come, or it was over in another way."""
    hops = 0
    """Redirects that were followed; the times are the last hop's."""
    status = 0
    cache = ""
    """The cache's word for it ("HIT", "MISS" …), where it had a say."""
    error = ""
    floating = False
    """It was under way when the request ended, and was given up."""
    at = ""
    """Where the Worker called fetch(), as V8 writes it: `worker:/index.js:3:9`."""
    cause: int | None = None
    """The op whose response the Worker went on with when it made this one."""
    unread: frozenset[int] = frozenset()
    """The ops whose responses were there by then and had not been looked at."""
    same = 0
    """Equal for those that ask for the same; 0 where nobody watches."""
    known = 0
    """How often the request had got to know something else by then."""
    signal: bool | None = None
    """Whether the Worker gave a signal that may end it; None where nobody watches."""
    passed = ""
    """The body was read by this ("text()" …), and the same was sent on."""
    length = 0
    """How long it was."""
    called: Trace | None = None
    """What the Worker behind a service binding did."""
    context = ""
    """Header lines that tell the upstream of the trace; none where the Worker says it itself."""

    def hop(self) -> None:
        """A redirect is followed."""
        self.hops += 1
        self.dialed = self.resolved = self.connected = self.secured = 0.0
        self.sent = self.first_byte = self.ended = 0.0


class OpTrace:
    """A timer, or an operation on a binding or a cache."""

    settled = 0.0
    error = ""
    result = ""
    """In a word, where there is one: "HIT" …"""

    def __init__(self, name: str, detail: str) -> None:
        self.name = name
        self.detail = detail
        self.asked = perf_counter()


class Trace:
    """One request. Made by Tracing.begin(), complete once `ended` is set."""

    # What most requests have not is left to the class: beyond 30 attributes of its own, an object
    # of CPython's needs a dictionary, which takes longer than all of this.
    cold_from = 0.0
    """When the request came, where it had to wait for its Worker to be loaded."""
    answered = 0.0
    """The response's head went out."""
    sent = 0.0
    """The isolate had sent the response's whole body."""
    ended = 0.0
    status = 0
    outcome: Outcome | None = None
    dropped = 0
    """Notes that were too many to keep."""
    subrequests = 0
    upstreams: Upstreams | None = None
    """What is known of upstreams over many requests; none where nobody watches."""
    slow_upstreams: Sequence[SlowUpstream] = ()
    error: WorkerError | None = None
    consumed: tuple[str, ...] = ()
    """Of a tail handler: the Workers that it was told of."""
    on_end: Callable[[], None] | None = None
    """Is called when it is complete."""
    parent_id = 0
    """The caller's span; 0 where there is none."""
    called_here = False
    """By another Worker of this node, whose trace it is a part of."""
    entrypoint: str | None = None
    for_tail = False
    rest_turn = 0
    """How many turns there had been when the response was done with."""
    _state = ""
    _context: tuple[str, str] | None = None

    def __init__(
        self,
        worker: str,
        request: Request,
        limits: Limits,
        trace_id: int,
        parent_id: int,
        *,
        sampled: bool,
        watched: bool,
        propagate: bool = True,
    ) -> None:
        self.worker = worker
        self.mask: Mask = no_mask
        """Takes the Worker's secrets out of what it asks for."""
        self.method = request.method
        self.url = request.url
        self.headers = headers = request.headers
        self.cf = request.cf
        if request.caller is not None:
            self.called_here = True
        if request.entrypoint is not None:
            self.entrypoint = request.entrypoint
        if request.for_tail:
            self.for_tail = True
        self.limits = limits
        self.trace_id = trace_id
        if parent_id:
            self.parent_id = parent_id
            if propagate:
                self._state = tracestate(headers)
        # Its last 16 bits count the subrequests, whose ids begin like its own.
        self.span_id = (getrandbits(48) or 1) << 16
        self.sampled = sampled
        """An exporter sends it."""
        self.watched = watched
        """The isolate tells what the Worker does with its responses."""
        self._propagate = propagate
        self.began = perf_counter()
        self.epoch = time() - self.began
        """To be added to a time, to make it seconds since 1970."""
        self.turns: list[tuple[float, float, float, int]] = []
        """When each began and ended, nanoseconds of CPU time that were this request's, and how many
        events the turn was for."""
        self.fetches: dict[int, FetchTrace] = {}
        self.ops: dict[int, OpTrace] = {}
        self.logs: list[tuple[float, LogLine]] = []

    def turn(self, began: float, cpu_ns: float, events: int) -> None:
        """A turn has ended."""
        if len(self.turns) < MOST_NOTES:
            self.turns.append((began, perf_counter(), cpu_ns, events))
        else:
            self.dropped += 1

    def fetch(
        self, op: int, method: str, url: str, headers: list[str], service: str | None
    ) -> FetchTrace:
        """A subrequest is asked for."""
        number = len(self.fetches) + 1
        note = FetchTrace()
        note.op = op
        note.span_id = self.span_id + number
        note.method = method
        note.url = url if len(url) <= _LONGEST else url[:_LONGEST]
        if self.mask is not no_mask:
            note.url = self.mask(note.url)
        if service is not None:
            note.service = service
        if self.watched:
            note.same = hash((method, url, tuple(headers), service))
        if number <= MOST_NOTES:
            self.fetches[op] = note
        else:
            self.dropped += 1
        if self._propagate and "traceparent" not in headers:
            before, after = self._context or self._make_context()
            note.context = before + _HEX[number >> 8] + _HEX[number & 255] + after
        note.asked = perf_counter()
        return note

    def _make_context(self) -> tuple[str, str]:
        """What stands before and after a subrequest's number in its header lines."""
        flags = "01" if self.sampled else "00"
        self._context = (
            f"traceparent: 00-{self.trace_id:032x}-{self.span_id >> 16:012x}",
            f"-{flags}\r\n{self._state}",
        )
        return self._context

    def fetched(self, op: int, result: UpstreamResponse | SubrequestError) -> None:
        """A subrequest has got its response's head, or will get none."""
        if note := self.fetches.get(op):
            # What came as a whole was told of at once, and to ask for the time takes some, too.
            note.settled = note.ended or perf_counter()
            if isinstance(result, Exception):
                note.error = result.message
            else:
                note.status = result.status

    def call_settled(self, op: int, error: str) -> None:
        """A call of another Worker's method has been answered."""
        if note := self.fetches.get(op):
            note.settled = perf_counter()
            note.error = error
        else:
            self.op_settled(op, error)

    def op(self, op: int, name: str, detail: str = "") -> None:
        """A timer is set, or a binding or a cache called."""
        if len(self.ops) < MOST_NOTES:
            self.ops[op] = OpTrace(name, self.mask(detail))
        else:
            self.dropped += 1

    def op_settled(self, op: int, error: str = "", result: str = "") -> None:
        if note := self.ops.get(op):
            note.settled = perf_counter()
            note.error = error
            note.result = result

    def log(self, line: LogLine) -> None:
        if len(self.logs) < MOST_NOTES:
            self.logs.append((perf_counter(), line))
        else:
            self.dropped += 1

    def heard(self, command: CauseCommand | PassedCommand) -> None:
        """The isolate says something of a subrequest. It may lie: nothing but advice follows."""
        note = self.fetches.get(command.op)
        if note is None:
            return
        if isinstance(command, PassedCommand):
            note.passed = _FORMS.get(command.form, "")
            note.length = command.length
        else:
            note.at = command.at if len(command.at) <= _LONGEST else ""
            note.cause = command.cause
            note.known = command.known
            note.signal = command.signal
            note.unread = frozenset(command.unread[:MOST_NOTES])

    def answer(self, status: int, now: float) -> None:
        """The response's head is there."""
        self.status = status
        self.answered = now
        self.rest_turn = len(self.turns)

    def body_sent(self) -> None:
        """The isolate has sent the response's whole body."""
        self.sent = perf_counter()
        self.rest_turn = len(self.turns)

    def end(
        self,
        status: int,
        outcome: Outcome,
        error: WorkerError | None,
        subrequests: int,
        unfinished: list[int],
    ) -> None:
        """The request is over; `unfinished` are the ops that were still under way."""
        self.ended = perf_counter()
        self.status = status
        self.outcome = outcome
        self.subrequests = subrequests
        if error is not None:
            self.error = error
        for op in unfinished:
            if note := self.fetches.get(op):
                note.floating = True
        if self.upstreams is not None:
            self.slow_upstreams = self.upstreams.ended(self)
        if self.on_end is not None:
            self.on_end()

    @property
    def id(self) -> str:
        """32 hex digits, as in `traceparent`."""
        return f"{self.trace_id:032x}"


class Tracing:
    """Whether requests are traced, and how: one for all Workers of a node.

    `on` is looked at once for each request; where it is false, nothing of this file costs anything.
    `watch` asks the isolates too, for advice.
    """

    def __init__(
        self, *, on: bool = False, watch: bool = False, server_timing: bool = False
    ) -> None:
        self.on = on
        self.watch = watch
        self._upstreams = Upstreams() if watch else None
        self.server_timing = server_timing
        """Whether responses tell what their traces do; see there."""
        self._always = on
        self._listeners = 0
        self.rate = 1.0
        """The part of the traces begun here that is exported."""
        self.propagate = True
        """Whether callers' `traceparent` is joined, and upstreams get one."""

    @property
    def listeners(self) -> int:
        """How many want traces for as long as they listen."""
        return self._listeners

    @listeners.setter
    def listeners(self, count: int) -> None:
        self._listeners = count
        self.on = self._always or count > 0

    def keep_on(self) -> None:
        """Requests are traced whether somebody listens or not."""
        self.on = self._always = True

    def begin(self, worker: str, request: Request, limits: Limits) -> Trace:
        """A request begins: a trace of its own, or a part of its caller's, which is another Worker
        here or, by `traceparent`, anybody."""
        call: FetchTrace | None = None
        if request.caller is not None:
            above, call = request.caller
            trace_id, parent_id, sampled = above.trace_id, call.span_id, above.sampled
        elif (
            self.propagate
            and "traceparent" in request.headers
            and (known := parse_traceparent(request.headers)) is not None
        ):
            trace_id, parent_id, sampled = known
        else:
            trace_id, parent_id = getrandbits(128) or 1, 0
            sampled = self.rate >= 1.0 or random.random() < self.rate
        trace = Trace(
            worker, request, limits, trace_id, parent_id,
            sampled=sampled, watched=self.watch, propagate=self.propagate,
        )  # fmt: skip
        if call is not None:
            call.called = trace
        if self._upstreams is not None:
            trace.upstreams = self._upstreams
        return trace
