"""What becomes of requests whose isolate's process died, and of the Worker whose fault it was.

A process that dies says nothing. But a turn was under way, and its events tell for which requests:
they are the suspects, and all others are bystanders. A bystander may begin again elsewhere when
nothing of it can have happened twice. So may a suspect, once, and alone: when the process dies
again, it is guilty.
"""

from __future__ import annotations

import time
from collections.abc import Iterable
from dataclasses import dataclass, field

from edgewright.gateway.active import ActiveRequest
from edgewright.observe.records import Outcome
from edgewright.protocol.messages import Event, RequestEvent

IDEMPOTENT = frozenset({"GET", "HEAD", "OPTIONS", "TRACE", "PUT", "DELETE"})
"""RFC 9110 §9.2.2."""

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


def suspects(events: list[Event], requests: Iterable[ActiveRequest]) -> set[ActiveRequest]:
    """Which of an isolate's requests the events of an interrupted turn may have been for."""
    if all(type(event) is RequestEvent for event in events):
        ids = {event.request for event in events if type(event) is RequestEvent}
        return {active for active in requests if active.id in ids}
    return set(requests) if events else set()


def may_begin_again(active: ActiveRequest, *, body_is_whole: bool) -> bool:
    """Whether nobody could tell that a request was begun twice."""
    return (
        not active.head.done()
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
