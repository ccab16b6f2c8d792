"""The Observer of Logpush: from a finished request to a line in the buffer of each job.

On the gateway's event loop it is put into a list, and no more; lines are made and written on a
thread, many at a time. What is written survives the gateway (see spool.py).
"""

from __future__ import annotations

import logging
import random
import threading
import time
from collections import deque
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Self

import msgspec

from edgewright.logpush.delivery import Delivery
from edgewright.logpush.errors import LogpushError
from edgewright.logpush.fields import Finished, fields_of
from edgewright.logpush.job import Job
from edgewright.logpush.spool import Segment, Spool
from edgewright.observe.records import LogLine, RequestRecord

MOST_WAITING = 20_000
"""Requests that wait to be written."""

_GATHER = 0.02
"""Seconds in which what comes is written together."""

_LOOK_EVERY = 0.5
"""Seconds between two looks at the age of segments."""

_TELL_EVERY = 10.0
"""Seconds between two warnings that something was dropped."""

PATIENCE = 2.0
"""Seconds for what is left, at the end."""

log = logging.getLogger(__name__)


class Logpush:
    """To be entered before the first request and left after the last. `workers` are those whose
    requests are pushed, with the versions of their code."""

    def __init__(self, jobs: Sequence[Job], folder: Path) -> None:
        """`folder` has the buffers. Raises LogpushError."""
        self.workers: Mapping[str, str] = {}
        self._jobs = [_OpenJob(job, folder / job.name) for job in jobs]
        self._waiting: deque[Finished] = deque()
        self._wake = threading.Event()
        self._stopping = False
        self._dropped = 0
        self._told = 0.0
        self._thread = threading.Thread(target=self._run, name="logpush", daemon=True)

    @property
    def dropped(self) -> int:
        """Lines that are lost, as there was no room for them."""
        return self._dropped + sum(job.dropped for job in self._jobs)

    def __enter__(self) -> Self:
        self._thread.start()
        for job in self._jobs:
            job.delivery.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Writes what waits, and delivers what can be delivered at once."""
        self._stopping = True
        self._wake.set()
        self._thread.join(PATIENCE)
        end = time.monotonic() + PATIENCE
        for job in self._jobs:
            job.delivery.stop(max(0.0, end - time.monotonic()))

    def request_finished(self, record: RequestRecord) -> None:
        version = self.workers.get(record.worker)
        if version is None:
            return
        if len(self._waiting) >= MOST_WAITING:
            self._dropped += len(self._jobs)
            return
        self._waiting.append(Finished(record, time.time(), version))
        if not self._wake.is_set():
            self._wake.set()

    def logged(self, line: LogLine) -> None: ...

    # --- On the thread ----------------------------------------------------------------------------

    def _run(self) -> None:
        while not self._stopping:
            if self._wake.wait(_LOOK_EVERY) and not self._stopping:
                time.sleep(_GATHER)
            self._wake.clear()
            self._write()
        self._write()
        for job in self._jobs:
            job.seal()

    def _write(self) -> None:
        taken = [self._waiting.popleft() for _ in range(len(self._waiting))]
        for job in self._jobs:
            if taken:
                job.write(taken)
            job.seal_old()
        if self.dropped and time.monotonic() > self._told + _TELL_EVERY:
            self._told = time.monotonic()
            log.warning("Logpush has dropped %d lines: its buffer is full.", self.dropped)


class _OpenJob:
    """A job, its buffer, and who delivers that."""

    def __init__(self, job: Job, folder: Path) -> None:
        """Raises LogpushError."""
        try:
            self._spool = Spool(folder)
        except OSError as error:
            raise LogpushError(f"cannot use {folder}: {error.strerror}") from error
        self._job = job
        self._segment = Segment(self._spool)
        self._room = 0
        self._looked = -1.0
        self.delivery = Delivery(job, self._spool)
        self.dropped = 0

    def write(self, requests: list[Finished]) -> None:
        rate = self._job.output_options.sample_rate
        names = self._job.output_options.field_names
        lines: list[bytes] = []
        size = 0
        for finished in requests:
            if rate < 1 and random.random() >= rate:
                continue
            try:
                line = msgspec.json.encode(fields_of(finished, names)) + b"\n"
            except Exception:
                log.exception("A request could not be told to Logpush.")
                continue
            lines.append(line)
            size += len(line)
            if self._segment_is_full(size, len(lines)):
                self._append(lines, size)
                lines, size = [], 0
        if lines:
            self._append(lines, size)

    def seal_old(self) -> None:
        segment, after = self._segment, self._job.max_upload_interval_seconds
        if segment.records and time.monotonic() > segment.began + after:
            self.seal()

    def seal(self) -> None:
        if not self._segment.records:
            return
        try:
            self._segment.seal()
        except OSError as error:
            log.warning("The buffer of Logpush can't be written: %s", error)
        self._segment = Segment(self._spool)
        self.delivery.wake()

    def _segment_is_full(self, size: int, records: int) -> bool:
        job, segment = self._job, self._segment
        return (
            segment.size + size >= job.max_upload_bytes
            or segment.records + records >= job.max_upload_records
        )

    def _append(self, lines: list[bytes], size: int) -> None:
        try:
            if not self._has_room(size):
                self.dropped += len(lines)
                return
            self._segment.append(b"".join(lines), len(lines))
        except OSError as error:
            self.dropped += len(lines)
            log.warning("The buffer of Logpush can't be written: %s", error)
            return
        self._room -= size
        if self._segment_is_full(0, 0):
            self.seal()

    def _has_room(self, size: int) -> bool:
        """By what was there a second ago, and what this gateway has written since."""
        now = time.monotonic()
        if now > self._looked + 1.0 or self._looked < 0:
            self._looked = now
            self._room = (self._job.max_buffer_mb << 20) - self._spool.size()
        return self._room >= size
