"""SQLite files that several processes share."""

from __future__ import annotations

import sqlite3
import time

PATIENCE = 10.0
"""Seconds that a process waits for what another one does to the file."""

_PAUSE = 0.005


def use_wal(connection: sqlite3.Connection) -> None:
    """Turns the write-ahead log on: a killed process loses nothing that it has committed, and who
    reads does not wait for who writes. A power cut may undo the last commits, all of a later one's
    or none (synchronous=NORMAL).

    Of two processes that turn it on for a new file, one is told at once that the database is
    locked, whatever its time-out (https://www.sqlite.org/wal.html, "sometimes queries return
    SQLITE_BUSY"), so it tries again.

    raises: sqlite3.Error.
    """
    deadline = time.monotonic() + PATIENCE
    while True:
        try:
            connection.execute("PRAGMA journal_mode=WAL")
            break
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or time.monotonic() > deadline:
                raise
        time.sleep(_PAUSE)
    connection.execute("PRAGMA synchronous=NORMAL")
