"""Processes that begin at the same time share a SQLite file that none of them has made yet."""

from __future__ import annotations

import asyncio
import sqlite3
import sys
from pathlib import Path

_OPEN = """
import sqlite3, sys
from edgewright.wal import use_wal
for number in range(40):
    connection = sqlite3.connect(f"{sys.argv[1]}/{number}.sqlite", isolation_level=None)
    use_wal(connection)
    connection.execute("BEGIN IMMEDIATE")
    connection.execute("CREATE TABLE IF NOT EXISTS t (n)")
    connection.execute("INSERT INTO t VALUES (1)")
    connection.execute("COMMIT")
"""


async def test_processes_that_make_a_file_at_the_same_time(tmp_path: Path) -> None:
    processes = [
        await asyncio.create_subprocess_exec(sys.executable, "-c", _OPEN, str(tmp_path))
        for _ in range(3)
    ]
    assert await asyncio.gather(*(process.wait() for process in processes)) == [0, 0, 0]
    for number in range(40):
        connection = sqlite3.connect(tmp_path / f"{number}.sqlite")
        assert connection.execute("SELECT count(*) FROM t").fetchone() == (3,)
        assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)
        connection.close()
