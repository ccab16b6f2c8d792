"""How long a call into an isolate may take on the clock, and what ends what goes on beyond that."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from running import eventually

from edgewright.isolate.stopwatch import GRACE, Deadline, Watch


def test_a_deadline_leaves_room_for_others() -> None:
    deadline = Deadline(0.05)
    assert 0.05 * 2 < deadline.seconds < 0.5


def test_a_machine_that_was_busy_gets_more_time_and_bit_by_bit_less_again() -> None:
    deadline = Deadline(0.05)
    quiet = deadline.seconds
    deadline.took(wall=1.0, cpu=0.1)
    busy = deadline.seconds
    assert busy > 2 * quiet
    deadline.took(wall=0.01, cpu=0.01)
    assert quiet < deadline.seconds < busy
    for _ in range(20):
        deadline.took(wall=0.01, cpu=0.01)
    assert deadline.seconds == quiet


def test_there_is_an_end_to_how_much_more() -> None:
    deadline = Deadline(0.05)
    deadline.took(wall=100.0, cpu=0.0)
    assert deadline.seconds < 2


@dataclass(eq=False)
class Fake:
    """An isolate that has used `used` seconds of CPU time since it began."""

    used: float
    cpu_limit: float = 0.05
    since: float = 0.0
    running: bool = True
    terminated: bool = False

    def cpu(self) -> float:
        return self.used

    def terminate(self) -> None:
        self.terminated = True

    def say_goodbye(self) -> None: ...


async def test_the_watch_ends_isolates_that_go_on_for_too_long() -> None:
    watch = Watch()
    innocent, guilty = Fake(GRACE), Fake(GRACE + 0.06)
    watch.add(innocent)
    watch.add(guilty)
    watch.wake()
    assert await eventually(lambda: guilty.terminated)
    assert not innocent.terminated
    watch.remove(innocent)
    watch.remove(guilty)


async def test_the_watch_sleeps_when_there_is_nothing_to_see() -> None:
    watch = Watch()
    idle = Fake(0.0, running=False)
    watch.add(idle)
    assert await eventually(lambda: watch.asleep)
    idle.running = True
    await asyncio.sleep(0.2)
    assert watch.asleep  # whoever begins something has to say so
    watch.wake()
    assert not watch.asleep
    watch.remove(idle)
