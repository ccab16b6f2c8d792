"""The connection to one isolate: events go out in batches, commands come back."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable
from dataclasses import dataclass
from time import perf_counter

import msgspec

from edgewright.observe.trace import Tracing
from edgewright.protocol.framing import (
    MAX_COMMANDS,
    MAX_FRAME,
    FrameDecoder,
    FrameError,
    encode_frame,
)
from edgewright.protocol.messages import (
    Command,
    Event,
    GoneCommand,
    ProtocolViolation,
    TurnResult,
    decode_result,
)

_RECEIVE = 1 << 18

_MOST_WAKES = 10_000
"""Times that an isolate may ask for a turn that it is to have anyway."""

_encoder = msgspec.json.Encoder()

_CROWD = 16
"""So many events may wait, however long they take: one slow turn is no overload."""

_SETTLED = 0.5
"""Seconds that the isolate must have been behind before its pace says something: a burst, or the
first turns of a fresh isolate, are no overload."""

_TURN_NS = 100_000_000
"""CPU time that a turn of many events is to take, as things go: answers wait for the end of theirs,
and how fast the isolate is shows only then."""

_FULL = MAX_FRAME // 2
"""Attached bytes that a frame takes, or one event."""

_ENOUGH = 8
"""Events that make a turn worth while before all have come: the isolate can be at these while we
are at the others."""

_FEW = 4
"""Events that a turn takes in any case: each costs a round of the gateway's loop, too."""


@dataclass(slots=True)
class Turn:
    """What was handed to the isolate, and what it made of it."""

    events: list[Event]
    sent: float
    """When it began, exactly, in traced isolates only: the loop's clock shows milliseconds."""
    spent: list[float]
    """See TurnResult."""
    cpu_ns: int
    commands: list[Command]
    blob: bytes
    """The attachments of the commands."""


TurnHandler = Callable[[Turn], None]
"""Raises ProtocolViolation."""

CloseHandler = Callable[[str, bool], None]
"""Is given the reason, and whether it is that the other side lied."""


class Channel:
    """Turns, one at a time: what is posted while one runs becomes the next batch.

    `on_turn` gets each turn's commands; `on_close` is called once when the isolate is gone.

    The other side may say two things without having been asked, its last word and WAKE. Whoever
    answers more than it was asked, or before it has read the question, lies: so it can't make us
    work, nor keep what it does not read, without end.
    """

    def __init__(
        self,
        connection: socket.socket,
        *,
        on_turn: TurnHandler,
        on_close: CloseHandler,
        tracing: Tracing | None = None,
    ) -> None:
        self._tracing = tracing or Tracing()
        self._socket = connection
        self._loop = asyncio.get_running_loop()
        self._on_turn = on_turn
        self._on_close = on_close
        self._decoder = FrameDecoder(most_json=MAX_COMMANDS)
        self._events: list[Event] = []
        self._attachments: list[bytes] = []
        self._unsent: bytes | memoryview = b""
        self._turning = False
        self._soon: asyncio.Handle | None = None
        """The turn that is to begin in the next round of the event loop."""
        self._since = 0.0
        self._sent = 0.0
        self.in_turn: list[Event] = []
        """What the isolate is at, or was when it ended."""
        self._pace = 0.0
        """Seconds that an event takes; 0 before the first turn."""
        self._behind = 0.0
        """Since when no turn has taken all the events that there were; 0 when the last one did."""
        self._most = _CROWD
        """Events that a turn takes."""
        self._asked = False
        """A batch was sent, and its commands have not come yet."""
        self._wanted = False
        self._wakes = 0
        self._closed = False
        self._loop.add_reader(connection, self._readable)

    def post(self, event: Event, attachment: bytes = b"", *, alone: bool = False) -> None:
        """Puts an event into the next batch; `alone` when no other is to be expected."""
        if self._closed:
            return
        self._events.append(event)
        self._attachments.append(attachment)
        if self._turning:
            return
        if alone or len(self._events) >= _ENOUGH:
            self._turn()
        elif self._soon is None:
            # What else arrives in this round of the event loop shares the turn.
            self._soon = self._loop.call_soon(self._turn)

    @property
    def unsent(self) -> list[Event]:
        """What the isolate has not seen yet, and never will once this is closed."""
        return self._events

    @property
    def unsent_bytes(self) -> int:
        """What is attached to it."""
        return sum(map(len, self._attachments))

    @property
    def wait(self) -> float:
        """Seconds that an event would have to wait for its turn, as things go."""
        waiting = len(self._events) + len(self.in_turn)
        if waiting <= _CROWD or self._behind == 0.0:
            return 0.0
        now = self._loop.time()
        if now - self._behind < _SETTLED:
            return 0.0
        turning = (now - self._since) / len(self.in_turn) if self.in_turn else 0.0
        return waiting * max(self._pace, turning)

    @property
    def turn_began(self) -> float | None:
        """When the turn began, on the loop's clock, that events were handed in for."""
        return self._since if self.in_turn else None

    @property
    def turn_seconds(self) -> float:
        """How long the turn that is going on has taken so far."""
        return self._loop.time() - self._since if self._turning and self._since else 0.0

    def close(self) -> None:
        """Lets go of the isolate, which ends it. `on_close` is not called."""
        if self._closed:
            return
        self._closed = True
        self._loop.remove_reader(self._socket)
        self._loop.remove_writer(self._socket)
        self._socket.close()

    def _woken(self) -> None:
        """The isolate has something to say; see WAKE."""
        self._wakes += 1
        if self._wakes > _MOST_WAKES:
            raise ProtocolViolation("it asks for turns over and over")
        self._wanted = True
        if not self._turning:
            self._turn()

    def _turn(self) -> None:
        if self._soon is not None:
            self._soon.cancel()
            self._soon = None
        self._turning = True
        self._wanted = False
        self._wakes = 0
        self._asked = True
        self._since = self._loop.time()
        if self._tracing.on:
            self._sent = perf_counter()
        most = self._fitting(self._most)
        self.in_turn = events = self._events[:most]
        self._events = self._events[most:]
        if not self._events:
            self._behind = 0.0
        elif self._behind == 0.0:
            self._behind = self._since
        attachments = [attachment for attachment in self._attachments[:most] if attachment]
        self._attachments = self._attachments[most:]
        blob = attachments[0] if len(attachments) == 1 else b"".join(attachments)
        self._send(encode_frame(_encoder.encode(events), blob))

    def _fitting(self, most: int) -> int:
        """How many events, of so many, a frame has room for; one in any case."""
        size = 0
        for count, attachment in enumerate(self._attachments[:most]):
            size += len(attachment)
            if count and size > _FULL:
                return count
        return most

    def _send(self, frame: bytes | memoryview) -> None:
        if self._closed:
            return
        try:
            sent = self._socket.send(frame)
        except (BlockingIOError, InterruptedError):
            sent = 0
        except OSError as error:
            # Later: what the isolate has said before its end is still to be performed.
            self._loop.call_soon(self._lost, str(error))
            return
        if sent < len(frame):
            self._unsent = memoryview(frame)[sent:]
            self._loop.add_writer(self._socket, self._writable)

    def _writable(self) -> None:
        frame, self._unsent = self._unsent, b""
        self._loop.remove_writer(self._socket)
        self._send(frame)

    def _readable(self) -> None:
        try:
            data = self._socket.recv(_RECEIVE)
        except (BlockingIOError, InterruptedError):
            return
        except OSError as error:
            self._lost(str(error))
            return
        if not data:
            self._lost("The isolate's process ended.")
            return
        try:
            for json, blob, cpu_ns in self._decoder.feed(data):
                if not json:
                    self._woken()
                    continue
                result = decode_result(json)
                if not self._asked or self._unsent:
                    _check_unasked(result)
                self._asked = False
                turn = Turn(self.in_turn, self._sent, result.spent, cpu_ns, result.commands, blob)
                ahead = False
                if not _is_last(result):
                    self._took(self._loop.time() - self._since, cpu_ns)
                    if self._events or self._wanted:
                        # The isolate goes on while we perform what it has said.
                        ahead = True
                        self._turn()
                self._on_turn(turn)
                if self._closed:
                    return
                if ahead:
                    continue
                if self._events or self._wanted:
                    self._turn()
                else:
                    self._turning = False
        except (FrameError, ProtocolViolation) as error:
            self._lost(f"The isolate's process sent what it must not: {error}", lied=True)
        except BaseException:
            # A fault of ours: nobody would ever hear of the rest of this turn.
            self._lost("The gateway failed to perform a turn.")
            raise

    def _took(self, seconds: float, cpu_ns: int) -> None:
        """A turn is over."""
        if self.in_turn:
            pace = seconds / len(self.in_turn)
            self._pace += (pace - self._pace) / 8 if self._pace else pace
            self._most = max(_FEW, _TURN_NS * len(self.in_turn) // max(cpu_ns, 1))
            self.in_turn = []

    def _lost(self, reason: str, *, lied: bool = False) -> None:
        if not self._closed:
            self.close()
            self._on_close(reason, lied)


def _is_last(result: TurnResult) -> bool:
    """Whether the isolate is over, and must be given nothing more."""
    return bool(result.commands) and type(result.commands[-1]) is GoneCommand


def _check_unasked(result: TurnResult) -> None:
    """Raises ProtocolViolation for all but a last word."""
    if [type(command) for command in result.commands] != [GoneCommand]:
        raise ProtocolViolation("it answers what it was not asked")
