"""What becomes of requests whose isolate's process died, and of the Worker whose fault it was.

A process that dies says nothing. But a turn was under way, and its events tell for which requests:
they are the suspects, and all others are bystanders. A bystander may begin again elsewhere when
nothing of it can have happened twice. So may a suspect, once, and alone: when the process dies
again, it is guilty.

A process holds isolates of many Workers, and takes a while to die, in which they are given turns
that they never begin. So of several turns only the one that began first is suspected. That is a
guess: where it is wrong, the guilty request is taken for a bystander, begins again, and ends one
more process; after that it does not begin a third time.
"""

from __future__ import annotations

import enum
import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Protocol

from edgewright.gateway.active import ActiveRequest
from edgewright.messages import IDEMPOTENT
from edgewright.observe.records import Outcome
from edgewright.protocol.messages import Event, RequestEvent

FORGIVEN = 60.0
"""Seconds after which a crash counts no more."""

LONGEST_PAUSE = 60.0


@dataclass(slots=True)
class Ending:
    """How an isolate ended."""

    process: bool = False
    """Its process must end as well: it lied, or hangs, or is dead already."""
    wanted: bool = False
    """The gateway ended it, for which there is no need of another."""
    crashed: bool = False
    """The process died in one of the isolate's own turns."""
    moved: list[ActiveRequest] = field(default_factory=list[ActiveRequest])
    """Requests that begin in another isolate: no code has seen them, or it doesn't matter."""
    suspects: list[ActiveRequest] = field(default_factory=list[ActiveRequest])
    """Requests that begin again, one by one."""


class Inmate(Protocol):
    """An isolate, as the others in its process see it."""

    @property
    def turn_began(self) -> float | None:
        """When the turn began that it is at; None when it is at none."""
        ...


class Verdict(enum.Enum):
    """What an isolate had to do with the end of its process."""

    GUILTY = enum.auto()
    SUSPECT = enum.auto()
    BYSTANDER = enum.auto()


class Inmates:
    """The isolates of one process."""

    def __init__(self) -> None:
        self._inside: set[Inmate] = set()
        self._culprit: Inmate | None = None
        self._certain = False

    def add(self, isolate: Inmate) -> None:
        self._inside.add(isolate)

    def remove(self, isolate: Inmate) -> None:
        self._inside.discard(isolate)

    def __len__(self) -> int:
        return len(self._inside)

    def __contains__(self, isolate: Inmate) -> bool:
        return isolate in self._inside

    def convict(self, isolate: Inmate) -> None:
        """It has said so itself, or was caught."""
        if self._culprit is None:
            self._culprit, self._certain = isolate, True

    def verdict(self, isolate: Inmate) -> Verdict:
        """The process is dead, and `isolate` one of those who were in it."""
        if self._culprit is None:
            began = [(at, each) for each in self._inside if (at := each.turn_began) is not None]
            if not began:
                return Verdict.BYSTANDER
            self._culprit = min(began, key=lambda pair: pair[0])[1]
            self._certain = len(began) == 1
        if self._culprit is not isolate:
            return Verdict.BYSTANDER
        return Verdict.GUILTY if self._certain else Verdict.SUSPECT


def suspects(events: list[Event], requests: Iterable[ActiveRequest]) -> set[ActiveRequest]:
    """Which of an isolate's requests the events of an interrupted turn may have been for."""
    if all(type(event) is RequestEvent for event in events):
        ids = {event.request for event in events if type(event) is RequestEvent}
        return {active for active in requests if active.id in ids}
    return set(requests) if events else set()


def may_begin_again(active: ActiveRequest, *, body_is_whole: bool) -> bool:
    """Whether nobody could tell that a request was begun twice."""
    return (
        not active.head.done
        and active.outcome is Outcome.OK
        and active.request.method in IDEMPOTENT
        and body_is_whole
        and not active.unsafe
        and active.begun == 1
    )


class Guard:
    """Keeps a Worker from taking others down with it."""

    def __init__(self) -> None:
        self.alone = False
        """Whether it gets a process of its own. Once it does, it keeps it until it is deployed
        anew."""
        self._crashes: list[float] = []
        self._until = 0.0

    def crashed(self) -> None:
        """A process died while this Worker ran in it, alone or beside others."""
        now = time.monotonic()
        if not self.alone:
            self.alone = True  # It may have been somebody else's fault, this time.
            return
        self._crashes = [crash for crash in self._crashes if crash > now - FORGIVEN] + [now]
        pause = 2.0 ** (len(self._crashes) - 3) if len(self._crashes) > 2 else 0.0
        self._until = now + min(pause, LONGEST_PAUSE)

    @property
    def pause(self) -> float:
        """Seconds for which the Worker gets no more requests."""
        return max(0.0, self._until - time.monotonic())
