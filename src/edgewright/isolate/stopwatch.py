"""CPU time of isolates: how long a call may take, and what happens to code that nothing stops.

V8 can be stopped by pydeno after some time *on the clock*, and only that way does the isolate live
on. What a request may use is CPU time of the isolate's thread, and the machine may be busy. So:

1. A call gets a few times the CPU limit on the clock: more where turns were seen to be slowed down
   by others. What was stopped and has not used its CPU time up begins anew if it can (turn.ts), and
   the gateway adds up what each request has really used, so that *who* is over the limit is exact;
   only *when* a runaway is stopped is not.
2. Code that runs outside of a turn (what awaits an import()) has no such deadline. At the limit
   and GRACE more of CPU time, the isolate is ended.
3. What goes on even then is in a place that V8 can't interrupt. At twice GRACE, the process is.

One thread per host looks after 2 and 3, ten times a second while there is something to do.
"""

from __future__ import annotations

import os
import threading
from typing import Protocol

GRACE = 1.0
"""Seconds of CPU time beyond the limit until code is stopped by force."""

_LOOK_EVERY = 0.1
_HICCUP = 0.1
"""Seconds for which a machine may well do something else."""
_SLACK = 3.0
"""How many times the CPU limit a call may take on the clock besides, on a machine that is not
busy."""
_BUSY_SLACK = 1.5
"""The same, per how many times slower than that others were seen to make it."""
_MOST_SLACK = 30.0
WORTH_A_LOOK = 0.005
"""Seconds; shorter turns say nothing about how busy the machine is."""

_EXIT_CODE = 70


class Deadline:
    """How long the next call into an isolate may take on the clock."""

    def __init__(self, cpu_limit: float) -> None:
        self.seconds = _HICCUP + cpu_limit * _SLACK
        self._limit = cpu_limit
        self._slowness = 1.0

    def took(self, wall: float, cpu: float) -> None:
        """A call has ended: how much did others slow it down?"""
        # Slowness comes suddenly and is forgotten bit by bit.
        self._slowness = max(1.0, wall / max(cpu, 0.001), self._slowness * 0.8)
        slack = min(max(_SLACK, _BUSY_SLACK * self._slowness), _MOST_SLACK)
        self.seconds = _HICCUP + self._limit * slack


class Watched(Protocol):
    """An isolate, as the watch sees it."""

    since: float
    """What its CPU clock showed when it began what it does, or had ended what it did."""
    running: bool

    @property
    def cpu_limit(self) -> float:
        """Seconds that it may go on from `since` without being stopped."""
        ...

    def cpu(self) -> float: ...

    def terminate(self) -> None:
        """Ends the isolate, wherever V8 can be interrupted."""
        ...

    def say_goodbye(self) -> None:
        """Tells the gateway that this isolate takes the whole process along."""
        ...


class Watch:
    """The thread that ends what nothing else stops."""

    def __init__(self) -> None:
        self._watched: dict[Watched, float] = {}
        """What each one's clock showed at the last look."""
        self._awake = threading.Event()
        self.asleep = True
        """Nobody looks, and whoever begins something has to wake() it."""
        threading.Thread(target=self._run, daemon=True).start()

    def add(self, isolate: Watched) -> None:
        self._watched[isolate] = 0.0

    def remove(self, isolate: Watched) -> None:
        self._watched.pop(isolate, None)

    def wake(self) -> None:
        self.asleep = False
        self._awake.set()

    def _run(self) -> None:
        stop = threading.Event()
        while True:
            if not self._look():
                self.asleep = True
                self._awake.clear()
                if not self._look():  # one that has begun meanwhile
                    self._awake.wait()
                self.asleep = False
            stop.wait(_LOOK_EVERY)

    def _look(self) -> bool:
        """Whether anything is going on."""
        busy = False
        for isolate, before in list(self._watched.items()):
            try:
                now = isolate.cpu()
            except OSError:  # its thread has just ended
                continue
            self._watched[isolate] = now
            busy = busy or isolate.running or now != before
            over = now - isolate.since - isolate.cpu_limit
            if over > 2 * GRACE:
                isolate.say_goodbye()
                os._exit(_EXIT_CODE)
            if over > GRACE:
                isolate.terminate()
        return busy
