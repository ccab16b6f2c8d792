"""A thread with a SQLite connection, which does one job after the other.

SQLite's calls block, so they are no business of the event loop's. Jobs that come while others are
done are taken together: into one transaction where they write (group commit: a transaction costs
more than what is in it), and with one wake-up of the event loop for all that they gave.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import queue
import sqlite3
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

from edgewright.bindings.binding import StateError
from edgewright.wal import PATIENCE, use_wal

_T = TypeVar("_T")

Job = Callable[[sqlite3.Connection], Any]

_MOST_AT_ONCE = 64
"""Jobs in one transaction: the first of them waits for the last."""


class _Item(NamedTuple):
    job: Job
    then: Callable[[], None] | None
    future: asyncio.Future[Any]


class Lane:
    """Jobs go in, futures come out. With `writes`, each batch is a transaction: what a job's future
    gives has been committed.

    `connection` must have been opened with check_same_thread=False, and is the thread's from here
    on.
    """

    def __init__(self, connection: sqlite3.Connection, *, writes: bool) -> None:
        self._connection = connection
        self._writes = writes
        self._jobs: queue.SimpleQueue[_Item | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._run, name="edgewright-state", daemon=True)
        self._thread.start()

    def do(
        self, job: Callable[[sqlite3.Connection], _T], then: Callable[[], None] | None = None
    ) -> asyncio.Future[_T]:
        """What the job gives, once it is done. Fails with StateError.

        A job must not give a cursor, nor anything else that has one: it would end on the caller's
        thread, in the middle of what this one does with the same statement.

        `then` is called on the thread when it has been committed, before anybody is told of it and
        whether or not somebody still waits.
        """
        future: asyncio.Future[_T] = asyncio.get_running_loop().create_future()
        self._jobs.put(_Item(job, then, future))
        return future

    async def close(self) -> None:
        """Does what was asked for, and ends."""
        self._jobs.put(None)
        await asyncio.to_thread(self._thread.join)

    # --- On the thread ----------------------------------------------------------------------------

    def _run(self) -> None:
        going_on = True
        while going_on:
            batch: list[_Item] = []
            item = self._jobs.get()
            while item is not None:
                batch.append(item)
                if len(batch) == _MOST_AT_ONCE or self._jobs.empty():
                    break
                item = self._jobs.get()
            going_on = item is not None
            if batch:
                self._do(batch)
        self._connection.close()

    def _do(self, batch: list[_Item]) -> None:
        connection = self._connection
        results: list[Any] = []
        error: Exception | None = None
        try:
            if self._writes:
                connection.execute("BEGIN IMMEDIATE")
            results = [item.job(connection) for item in batch]
            if self._writes:
                connection.execute("COMMIT")
            for item in batch:
                if item.then is not None:
                    item.then()
        except Exception as cause:
            # Whoever was in the transaction shares its fate.
            error = cause
            if isinstance(cause, sqlite3.Error):
                # Not the cause itself: its frames may have cursors, too.
                error = StateError(f"The state can't be read or written: {cause}")
            if connection.in_transaction:
                connection.execute("ROLLBACK")
        futures = [item.future for item in batch]
        loop = futures[0].get_loop()
        try:
            loop.call_soon_threadsafe(_settle, futures, results, error)
        except RuntimeError:
            return  # The loop has ended, and nobody waits any more.


def _settle(
    futures: list[asyncio.Future[Any]], results: list[Any], error: Exception | None
) -> None:
    for number, future in enumerate(futures):
        if future.done():  # whoever waited has left
            continue
        if error is None:
            future.set_result(results[number])
        else:
            future.set_exception(error)


def open_database(path: Path, schema: str, version: int) -> sqlite3.Connection:
    """Opens a database in WAL mode, see use_wal(). Raises StateError."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        # For its owner alone; what SQLite puts beside it is as it is. Only a file that was not
        # there: to close one takes away the locks that this process has on it, and with them what
        # tells other processes that SQLite is at work here.
        with contextlib.suppress(FileExistsError):
            os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600))
        connection = sqlite3.connect(
            path, timeout=PATIENCE, isolation_level=None, check_same_thread=False
        )
        use_wal(connection)
        connection.execute(f"PRAGMA journal_size_limit={64 << 20}")
        connection.execute("BEGIN IMMEDIATE")
        found: int = connection.execute("PRAGMA user_version").fetchone()[0]
        if found == 0:
            for statement in schema.split(";"):
                connection.execute(statement)
            connection.execute(f"PRAGMA user_version={version}")
        connection.execute("COMMIT")
    except (OSError, sqlite3.Error) as error:
        raise StateError(f"{path}: {error}") from error
    if found not in (0, version):
        connection.close()
        raise StateError(f"{path}: it is of another version of Edgewright ({found})")
    return connection
