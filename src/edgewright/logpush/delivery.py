"""Delivers a job's buffer: a thread in each gateway, of which one has the lock at a time."""

from __future__ import annotations

import gzip
import hashlib
import logging
import os
import random
import threading
import time
from pathlib import Path

from edgewright.logpush.destination import Batch, parse_destination, shown
from edgewright.logpush.errors import NotDelivered
from edgewright.logpush.job import Job
from edgewright.logpush.spool import Spool, written_at

LOOK_EVERY = 1.0
"""Seconds between two looks whether there is something to deliver, or nobody who does."""

_ADOPT_EVERY = 5.0
_FIRST_PAUSE = 1.0
_LONGEST_PAUSE = 300.0
_LONGEST_RETRY_AFTER = 3600.0

log = logging.getLogger(__name__)


class Delivery(threading.Thread):
    """At least once: a segment is removed when the other side has said that it has it."""

    def __init__(self, job: Job, spool: Spool) -> None:
        """Raises LogpushError."""
        super().__init__(name=f"logpush-{job.name}", daemon=True)
        self._job = job
        self._spool = spool
        self._destination = parse_destination(job.destination_conf)
        self._lock: int | None = None
        self._adopted = -_ADOPT_EVERY
        self._wake = threading.Condition()
        self._ends: float | None = None
        self.delivered = 0
        """Lines."""
        self.failures = 0
        """Attempts in a row."""

    def wake(self) -> None:
        """A segment has been sealed."""
        with self._wake:
            self._wake.notify()

    def stop(self, patience: float) -> None:
        """Delivers what can be delivered in `patience` seconds, and ends; the rest stays."""
        with self._wake:
            self._ends = time.monotonic() + patience
            self._wake.notify()
        self.join(patience)

    def run(self) -> None:
        while True:
            pause = LOOK_EVERY
            try:
                if self._may_deliver() and self._deliver_next():
                    pause = 0.0
            except NotDelivered as error:
                pause = self._pause(error)
                text = "Logs could not be pushed to %s: %s. Next try in %.0f s."
                log.warning(text, shown(self._job.destination_conf), error, pause)
            except OSError as error:
                log.warning("The buffer of Logpush can't be read: %s", error)
            if self._wait(pause):
                break
        if self._lock is not None:
            os.close(self._lock)

    def _wait(self, pause: float) -> bool:
        """Whether it is time to end."""
        with self._wake:
            if self._ends is None and pause:
                # A failure's pause is not cut short by what comes meanwhile.
                if self.failures:
                    end = time.monotonic() + pause
                    while self._ends is None and (left := end - time.monotonic()) > 0:
                        self._wake.wait(left)
                else:
                    self._wake.wait(pause)
            if self._ends is None:
                return False
        if time.monotonic() >= self._ends or self.failures or self._is_empty():
            return True
        time.sleep(0.05 if pause else 0)  # Another gateway has the lock, and may be about to end.
        return False

    def _is_empty(self) -> bool:
        try:
            return not self._spool.sealed()
        except OSError:
            return True  # or as good as that

    def _may_deliver(self) -> bool:
        if self._lock is None:
            self._lock = self._spool.lock()
        return self._lock is not None

    def _deliver_next(self) -> bool:
        """Whether there was anything. Raises NotDelivered."""
        if time.monotonic() > self._adopted + _ADOPT_EVERY:
            self._adopted = time.monotonic()
            self._spool.adopt()
        paths, lines = self._collect()
        if not paths:
            return False
        names = "\n".join(path.name for path in paths)
        batch = Batch(
            body=gzip.compress(lines, compresslevel=6),
            began=written_at(paths[0]),
            ended=paths[-1].stat().st_mtime,
            id=hashlib.sha256(names.encode()).hexdigest()[:8],
        )
        self._destination.send(batch)
        for path in paths:
            path.unlink()
        self.delivered += lines.count(b"\n")
        self.failures = 0
        return True

    def _collect(self) -> tuple[list[Path], bytes]:
        """The oldest segments, as many as make a batch, which is one at least."""
        paths: list[Path] = []
        parts: list[bytes] = []
        size = records = 0
        for path in self._spool.sealed():
            part = path.read_bytes()
            size += len(part)
            records += part.count(b"\n")
            job = self._job
            if paths and (size > job.max_upload_bytes or records > job.max_upload_records):
                break
            paths.append(path)
            parts.append(part)
        return paths, b"".join(parts)

    def _pause(self, error: NotDelivered) -> float:
        """Longer each time, never the same for all, and no less than the other side asks for."""
        self.failures += 1
        longest = min(_LONGEST_PAUSE, _FIRST_PAUSE * 2 ** min(self.failures - 1, 20))
        pause = longest * random.uniform(0.5, 1.0)
        return max(pause, min(error.retry_after, _LONGEST_RETRY_AFTER))
