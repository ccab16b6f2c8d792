"""The threads on which natives run that take long.

There are few, and each isolate has at most one of them at a time, in turn: one that asks for much
slows itself down and nobody else. A native on them can't be interrupted, so how long one may take
is bounded by what the natives accept, and how many may wait by `IsolateNatives`.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

THREADS = 2


@dataclass(slots=True, eq=False)
class Job:
    """`run` may not raise."""

    owner: int
    size: int
    run: Callable[[], None]


class Queue:
    """What one isolate wants done, first come, first served."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool
        self._jobs: deque[Job] = deque()

    def add(self, job: Job) -> None:
        with self._pool.lock:
            self._jobs.append(job)
            if len(self._jobs) == 1:
                self._pool.enter(self)

    def drop(self, owner: int | None = None) -> list[Job]:
        """Forgets the jobs of `owner` that have not begun, or all; gives them."""
        with self._pool.lock:
            if not self._jobs:
                return []
            running = self._jobs[0] if self._pool.is_running(self) else None
            dropped = [
                job for job in self._jobs if job is not running and owner in (None, job.owner)
            ]
            for job in dropped:
                self._jobs.remove(job)
            if not self._jobs:
                self._pool.leave(self)
            return dropped

    # --- For the pool, which holds the lock -------------------------------------------------------

    def first(self) -> Job:
        """The job that is to run; it stays until finished()."""
        return self._jobs[0]

    def finished(self) -> bool:
        """The first job has run. Whether there is another one."""
        self._jobs.popleft()
        return bool(self._jobs)


class Pool:
    """Runs the queues' jobs, one of each queue at a time, the queues in turn."""

    def __init__(self, threads: int = THREADS) -> None:
        self.lock = threading.Lock()
        self._most = threads
        self._threads = 0
        self._idle = 0
        self._waiting: deque[Queue] = deque()
        self._running: set[Queue] = set()
        self._work = threading.Condition(self.lock)

    # --- For queues, which hold the lock ----------------------------------------------------------

    def enter(self, queue: Queue) -> None:
        """The queue has something to do."""
        self._waiting.append(queue)
        if self._idle >= len(self._waiting):
            self._work.notify()
        elif self._threads < self._most:
            self._threads += 1
            threading.Thread(target=self._run, name="natives", daemon=True).start()

    def leave(self, queue: Queue) -> None:
        """The queue has nothing to do any more."""
        self._waiting.remove(queue)

    def is_running(self, queue: Queue) -> bool:
        return queue in self._running

    # --- The threads ------------------------------------------------------------------------------

    def _run(self) -> None:
        while True:
            with self.lock:
                while not self._waiting:
                    self._idle += 1
                    self._work.wait()
                    self._idle -= 1
                queue = self._waiting.popleft()
                self._running.add(queue)
                job = queue.first()
            job.run()
            with self.lock:
                self._running.discard(queue)
                if queue.finished():
                    self._waiting.append(queue)


POOL = Pool()
"""One per process. It has no threads until somebody needs it."""
