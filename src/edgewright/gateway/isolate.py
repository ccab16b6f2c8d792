"""One loaded isolate, as the gateway sees it: requests go in, turns come back, and at its end each
request that is left is failed, or given to another isolate."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable

from edgewright.gateway.active import ActiveRequest, WorkerFailure, worker_failure
from edgewright.gateway.casualties import Ending, Inmates, Verdict, may_begin_again, suspects
from edgewright.gateway.channel import Channel, Turn
from edgewright.gateway.effects import Effects
from edgewright.gateway.inspector.link import Link
from edgewright.gateway.rpc_parcels import SessionRequest
from edgewright.gateway.surroundings import Surroundings
from edgewright.gateway.tail_request import TailRequest
from edgewright.messages import Request
from edgewright.observe.records import Outcome
from edgewright.protocol.messages import (
    AbortEvent,
    GoneCommand,
    ProtocolViolation,
    RequestEvent,
    attachment_size,
)
from edgewright.websocket.socket import GOING_AWAY, LOST, Closed

_LEFT = (Outcome.CANCELED, Outcome.RESPONSE_STREAM_DISCONNECTED)
_NO_RESPONSE = "The script will never generate a response."
_TOOK_DOWN = "Worker exceeded memory limit: it ended its process."
_OVER_CPU = "Worker exceeded CPU time limit."

TURN_LIMIT = 15.0
"""Seconds on the clock beyond the CPU limit after which a turn is given up together with its host.
An honest host has ended it long before."""

_UNHEARD = 5.0
"""Seconds that an isolate has to let go of a request that was stopped."""

_LATE_WAIT_UNTIL = (
    "waitUntil() tasks did not complete within the allowed time after invocation end and have been "
    "cancelled. See: https://developers.cloudflare.com/workers/runtime-apis/context/#waituntil"
)
_LATE_RESPONSE = "Worker exceeded wall time limit: its response had not begun in time."


class Isolate:
    """Requests of one Worker version, in one V8 isolate.

    `on_idle` is called whenever the last request has ended, `on_end` once when the isolate has,
    however it did. `inmates` are those in the same process.
    """

    def __init__(
        self,
        around: Surroundings,
        connection: socket.socket,
        *,
        on_idle: Callable[[], None],
        on_end: Callable[[Ending], None],
        inmates: Inmates | None = None,
        link: Link | None = None,
    ) -> None:
        self._link = link
        self.worker = around.worker
        self.version = around.version
        self._around = around
        self._tracing = around.tracing
        self._inmates = Inmates() if inmates is None else inmates
        self._inmates.add(self)
        self._limits = around.limits
        self._cpu_ns = around.limits.cpu_ns
        self._observer = around.observer
        self._on_idle = on_idle
        self._on_end = on_end
        self._ended = False
        self.idle_since = time.perf_counter()
        """When it was last left with nothing to do."""
        self._channel = Channel(
            connection, on_turn=self._turn, on_close=self._closed, tracing=around.tracing
        )
        self._effects = Effects(around, self._channel, on_done=self._done)
        self._requests = self._effects.requests
        self._bodies = self._effects.bodies
        self._ports = self._effects.ports

    @property
    def busy(self) -> bool:
        return bool(self._requests)

    @property
    def in_flight(self) -> int:
        return len(self._requests)

    @property
    def wait(self) -> float:
        """Seconds that a new request would have to wait for its turn."""
        return self._channel.wait

    @property
    def turn_began(self) -> float | None:
        """When the turn began that it is at; None when it is at none."""
        return self._channel.turn_began

    @property
    def used(self) -> bool:
        """Whether it was ever given a request."""
        return self._effects.last_request > 0

    def start(self, request: Request, depth: int = 1) -> ActiveRequest:
        """Hands a request to the Worker. Its `head` gets the Response, or a WorkerFailure."""
        active = ActiveRequest(0, request, depth=depth)
        self.adopt(active)
        return active

    def adopt(self, active: ActiveRequest) -> None:
        """Takes a request that has not begun anywhere, or begins again."""
        self._effects.last_request += 1
        active.begun += 1
        request = active.request
        active.id = self._effects.last_request
        active.isolate = self
        self._requests[active.id] = active
        if self._tracing.on:
            active.trace = self._tracing.begin(self.worker, request, self._limits)
            active.trace.mask = self._around.mask
        if isinstance(request, SessionRequest):
            self._effects.rpc.begin(active, request)
            return
        if isinstance(request, TailRequest):
            request.begin(active, self._channel)
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
        return self.wait > self._limits.queue_ms / 1000 and not self._debugged

    @property
    def _debugged(self) -> bool:
        """Whether DevTools are at it: a person may pause it, and no limit holds."""
        return self._link is not None and self._link.sessions > 0

    @property
    def hangs(self) -> bool:
        """Whether a turn takes longer than an honest host lets any, or a request does not end."""
        if self._debugged:
            return False
        now = time.perf_counter()
        return self._channel.turn_seconds > TURN_LIMIT + self._limits.cpu_ms / 1000 or any(
            active.stopped and now > active.stopped + _UNHEARD for active in self._requests.values()
        )

    def stop_late(self) -> None:
        """Ends the requests that have taken too long on the clock."""
        if self._debugged:
            return
        now = time.perf_counter()
        limits = self._limits
        for active in list(self._requests.values()):
            if active.stopped or active.outcome in _LEFT:
                continue
            if not active.head.done:
                if now > active.started + limits.wall_ms / 1000:
                    self._effects.stop(active, Outcome.EXCEEDED_WALL_TIME, _LATE_RESPONSE)
            elif (
                self._bodies.is_open(active.sink)
                or self._ports.is_open(active.port)
                or (active.rpc is not None and active.rpc.is_open)
            ):
                active.answered = now
            elif now > active.answered + limits.wait_until_ms / 1000:
                self._effects.console.warn(active, _LATE_WAIT_UNTIL)
                self._effects.tell(active, _LATE_WAIT_UNTIL)

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

    # --- Turns ------------------------------------------------------------------------------------

    def _turn(self, turn: Turn) -> None:
        commands, blob = turn.commands, turn.blob
        sizes = [attachment_size(command) for command in commands]
        if sum(sizes) != len(blob) or min(sizes, default=0) < 0:
            raise ProtocolViolation("the attachments are not what the commands say")
        over = self._share_cpu(turn)
        offset = 0
        perform = self._effects.perform
        for command, size in zip(commands, sizes, strict=True):
            perform(command, blob[offset : offset + size] if size else b"")
            offset += size
        if self._effects.last_word is not None:
            # Now, and not when the connection ends: nothing must be sent there any more.
            self._channel.close()
            self._end(self._effects.last_word, died=self._effects.last_word.process)
            return
        if over is not None and over.id in self._requests:
            self._effects.tell(over, _OVER_CPU)
        if not self._channel.unsent and not self._channel.in_turn:
            # It has seen all that there is.
            self._effects.subrequests.unblock()

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
                over_limit = active.cpu_ns - active.forgiven_ns > self._cpu_ns
                if over_limit and not active.stopped and not self._debugged:
                    # Before its commands are performed: what it has answered comes too late.
                    active.fail(worker_failure(Outcome.EXCEEDED_CPU, _OVER_CPU))
                    over = active
        return over

    def _done(self, active: ActiveRequest) -> None:
        unfinished = list(active.ops) if active.trace is not None else []
        self._effects.let_go(active)
        if not active.head.done:
            active.fail(worker_failure(Outcome.EXCEPTION, _NO_RESPONSE))
        if active.trace is not None:
            active.end_trace(active.trace, unfinished)
        self._observer.request_finished(active.record(self.worker, self.version))
        if not self._requests:
            self.idle_since = time.perf_counter()
            self._on_idle()

    # --- The end ----------------------------------------------------------------------------------

    def _closed(self, reason: str, lied: bool) -> None:
        word = self._effects.last_word
        if word is None or lied:
            word = GoneCommand(Outcome.INTERNAL_ERROR, reason, process=lied)
        self._end(word, died=not lied and (self._effects.last_word is None or word.process))

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
                failure = worker_failure(Outcome.EXCEEDED_MEMORY, _TOOK_DOWN)
                if word.process:
                    failure = worker_failure(Outcome(word.outcome), word.message)
                alone = len(suspected) == 1 and verdict is Verdict.GUILTY
                self._suspect(active, ending, failure, alone=alone)
            elif died and self._may_begin_again(active):
                ending.moved.append(self._give_away(active))
            else:
                active.fail(worker_failure(Outcome(word.outcome), word.message))
                self._done(active)
        self._on_end(ending)

    def _suspect(
        self, active: ActiveRequest, ending: Ending, failure: WorkerFailure, *, alone: bool
    ) -> None:
        active.suspected += 1
        if alone or active.suspected > 1 or not self._may_begin_again(active):
            active.fail(failure)
            self._done(active)
        else:
            ending.suspects.append(self._give_away(active))

    def _may_begin_again(self, active: ActiveRequest) -> bool:
        return may_begin_again(active, body_is_whole=self._bodies.is_whole(active))

    def _give_away(self, active: ActiveRequest) -> ActiveRequest:
        """Lets go of a request that is to begin in another isolate."""
        if active.body_stream is not None:
            self._bodies.forget(active.body_stream)
        self._effects.let_go(active)
        active.isolate, active.connections, active.sink = None, None, None
        active.bodies.clear()
        active.subrequests = active.operations = 0
        return active
