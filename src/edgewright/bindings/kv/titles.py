"""What people call the namespaces that `edgewright kv namespace` has made or renamed.

Workers know ids alone, so no gateway ever reads this.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from pathlib import Path
from typing import Self

from edgewright.bindings.binding import StateError
from edgewright.bindings.lane import open_database

_SCHEMA = "CREATE TABLE titles (namespace TEXT PRIMARY KEY, title TEXT NOT NULL UNIQUE)"
_VERSION = 1


class Titles:
    """Raises StateError."""

    def __init__(self, folder: Path) -> None:
        self._connection = open_database(folder / "kv.titles.sqlite", _SCHEMA, _VERSION)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._connection.close()

    def all(self) -> dict[str, str]:
        """By the ids of the namespaces, in the order of the titles."""
        return dict(self._do("SELECT namespace, title FROM titles ORDER BY title"))

    def put(self, namespace: str, title: str) -> None:
        """In place of the one that it had. No two namespaces have the same."""
        self._do(
            "INSERT INTO titles (namespace, title) VALUES (?, ?) "
            "ON CONFLICT (namespace) DO UPDATE SET title = excluded.title",
            (namespace, title),
        )

    def remove(self, namespace: str) -> None:
        self._do("DELETE FROM titles WHERE namespace = ?", (namespace,))

    def _do(self, statement: str, values: Sequence[str] = ()) -> list[tuple[str, str]]:
        try:
            return self._connection.execute(statement, values).fetchall()
        except sqlite3.Error as error:
            raise StateError(f"The titles can't be read or written: {error}") from error
