"""The index of the disk store: SQLite, in WAL mode, shared by all gateways of a node.

Bodies of up to INSIDE bytes stand in it, as SQLite reads those faster than a file system does; the
others are files that it names. All functions block, for some ten microseconds as a rule.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import msgspec

from edgewright.cache.record import Purge, Record
from edgewright.cache.store import Usage
from edgewright.wal import PATIENCE, use_wal

INSIDE = 64 * 1024

OVERHEAD = 512
_MOST_VARIANTS = 64
_EVICT_TO = 0.95
"""What is left full when room is made: not each response is to make room for itself alone."""
_TOUCH_AFTER = 60.0
"""Seconds: how exact it is known what was not used for longest."""

_SCHEMA = """
CREATE TABLE IF NOT EXISTS entries (
    id TEXT PRIMARY KEY, key TEXT NOT NULL, vary TEXT NOT NULL, partition TEXT NOT NULL,
    url TEXT NOT NULL, cost INTEGER NOT NULL, used REAL NOT NULL, keep_until REAL NOT NULL,
    record BLOB NOT NULL, body BLOB
) WITHOUT ROWID;
CREATE UNIQUE INDEX IF NOT EXISTS by_key ON entries (key, vary);
CREATE INDEX IF NOT EXISTS by_url ON entries (partition, url);
CREATE INDEX IF NOT EXISTS by_use ON entries (used);
CREATE TABLE IF NOT EXISTS tags (
    partition TEXT NOT NULL, tag TEXT NOT NULL, id TEXT NOT NULL,
    PRIMARY KEY (partition, tag, id)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS tags_by_id ON tags (id);
CREATE TABLE IF NOT EXISTS total (bytes INTEGER NOT NULL, entries INTEGER NOT NULL);
INSERT INTO total SELECT 0, 0 WHERE NOT EXISTS (SELECT 1 FROM total);
CREATE TRIGGER IF NOT EXISTS added AFTER INSERT ON entries BEGIN
    UPDATE total SET bytes = bytes + NEW.cost, entries = entries + 1;
END;
CREATE TRIGGER IF NOT EXISTS removed AFTER DELETE ON entries BEGIN
    UPDATE total SET bytes = bytes - OLD.cost, entries = entries - 1;
    DELETE FROM tags WHERE id = OLD.id;
END;
CREATE TABLE IF NOT EXISTS purges (partition TEXT PRIMARY KEY, at REAL NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS claims (key TEXT PRIMARY KEY, until REAL NOT NULL) WITHOUT ROWID;
"""

_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(Record).decode


class Index:
    """Which responses there are. An instance is for one thread at a time."""

    def __init__(self, path: Path, most: int | None) -> None:
        """`most` is kept with the entries; None takes what is kept."""
        self._db = sqlite3.connect(
            path, isolation_level=None, timeout=PATIENCE, check_same_thread=False
        )
        use_wal(self._db)
        self._db.executescript(f"BEGIN IMMEDIATE; {_SCHEMA} COMMIT;")
        kept = self._db.execute("PRAGMA user_version").fetchone()[0] << 20
        self._most: int = kept if most is None else most
        if most is not None and most >> 20 != kept >> 20:
            self._db.execute(f"PRAGMA user_version = {most >> 20}")

    def close(self) -> None:
        self._db.close()

    def find(self, key: str) -> list[tuple[Record, float]]:
        """With the time of their last use."""
        rows = self._db.execute("SELECT record, used FROM entries WHERE key = ?", (key,)).fetchall()
        found = [(_decode(record), used) for record, used in rows]
        if len(found) > 1:
            found.sort(key=lambda pair: pair[0].requested, reverse=True)
        return found

    def body(self, id: str) -> bytes | None:
        row = self._db.execute("SELECT body FROM entries WHERE id = ?", (id,)).fetchone()
        return None if row is None else row[0]

    def has(self, id: str) -> bool:
        found = self._db.execute("SELECT 1 FROM entries WHERE id = ?", (id,)).fetchone()
        return found is not None

    def touch(self, ids: Iterable[str]) -> None:
        now = time.time()
        self._db.executemany("UPDATE entries SET used = ? WHERE id = ?", [(now, id) for id in ids])

    def add(self, record: Record, body: bytes | None) -> tuple[bool, list[str]]:
        """Whether it was stored, and the ids of those that it replaces or had to make room."""
        vary = "\n".join(record.vary)
        encoded = _encode(record)
        cost = record.size + len(encoded) + len(record.url) + OVERHEAD
        with _Transaction(self._db) as db:
            purged = db.execute(
                "SELECT max(at) FROM purges WHERE partition IN (?, '')", (record.partition,)
            ).fetchone()[0]
            if (purged is not None and purged >= record.requested) or cost > self._most:
                return False, []
            gone = self._delete("key = ? AND vary = ?", (record.key, vary))
            count = db.execute("SELECT count(*) FROM entries WHERE key = ?", (record.key,))
            if count.fetchone()[0] >= _MOST_VARIANTS:
                gone += self._delete("key = ?", (record.key,))
            row = (
                *(record.id, record.key, vary, record.partition, record.url, cost, time.time()),
                *(record.keep_until, encoded, body),
            )
            db.execute("INSERT INTO entries VALUES (?,?,?,?,?,?,?,?,?,?)", row)
            db.executemany(
                "INSERT OR IGNORE INTO tags VALUES (?,?,?)",
                [(record.partition, tag, record.id) for tag in record.tags],
            )
            gone += self._evict()
        return True, gone

    def _evict(self) -> list[str]:
        """LRU, but first what is of no use to anybody any more."""
        total = self._db.execute("SELECT bytes FROM total").fetchone()[0]
        if total <= self._most:
            return []
        gone = self._delete("keep_until < ?", (time.time(),))
        excess = self._db.execute("SELECT bytes FROM total").fetchone()[0]
        excess -= int(self._most * _EVICT_TO)
        oldest: list[tuple[str]] = []
        for id, cost in self._db.execute("SELECT id, cost FROM entries ORDER BY used"):
            if excess <= 0:
                break
            excess -= cost
            oldest.append((id,))
        self._db.executemany("DELETE FROM entries WHERE id = ?", oldest)
        return gone + [id for (id,) in oldest]

    def replace(self, old: str, new: Record) -> bool:
        changed = self._db.execute(
            "UPDATE entries SET record = ?, keep_until = ? WHERE id = ?",
            (_encode(new), new.keep_until, old),
        )
        return changed.rowcount == 1

    def delete(self, key: str) -> list[str]:
        with _Transaction(self._db):
            return self._delete("key = ?", (key,))

    def purge(self, purge: Purge) -> list[str]:
        whose = "1" if purge.partition is None else "partition = ?"
        own = () if purge.partition is None else (purge.partition,)
        with _Transaction(self._db) as db:
            db.execute(
                "INSERT OR REPLACE INTO purges VALUES (?, ?)", (purge.partition or "", time.time())
            )
            gone = self._delete(whose, own) if purge.everything else []
            for url in purge.urls:
                gone += self._delete(f"{whose} AND url = ?", (*own, url))
            for prefix in purge.prefixes:
                gone += self._delete(f"{whose} AND substr(url, 1, ?) = ?",
                                     (*own, len(prefix), prefix))  # fmt: skip
            for tag in purge.tags:
                tagged = f"id IN (SELECT id FROM tags WHERE {whose} AND tag = ?)"
                gone += self._delete(tagged, (*own, tag))
        return gone

    def _delete(self, where: str, values: tuple[Any, ...]) -> list[str]:
        rows = self._db.execute(f"DELETE FROM entries WHERE {where} RETURNING id", values)
        return [id for (id,) in rows.fetchall()]

    def claim(self, key: str, seconds: float) -> bool:
        now = time.time()
        with _Transaction(self._db) as db:
            db.execute("DELETE FROM claims WHERE until < ?", (now,))
            made = db.execute("INSERT OR IGNORE INTO claims VALUES (?, ?)", (key, now + seconds))
            return made.rowcount == 1

    def release(self, key: str) -> None:
        self._db.execute("DELETE FROM claims WHERE key = ?", (key,))

    def list(self, partition: str | None, prefix: str, after: str, limit: int) -> list[Record]:
        whose = "1" if partition is None else "partition = ?"
        own = () if partition is None else (partition,)
        rows = self._db.execute(
            f"SELECT record FROM entries WHERE {whose} AND id > ? AND substr(url, 1, ?) = ?"
            " ORDER BY id LIMIT ?",
            (*own, after, len(prefix), prefix, limit),
        )
        return [_decode(record) for (record,) in rows]

    def usage(self) -> Usage:
        size, entries = self._db.execute("SELECT bytes, entries FROM total").fetchone()
        return Usage(entries, size, self._most)

    def needs_touch(self, used: float) -> bool:
        return time.time() - used > _TOUCH_AFTER


class _Transaction:
    """Takes the lock for writing at its beginning, and undoes everything when it fails."""

    def __init__(self, db: sqlite3.Connection) -> None:
        self._db = db

    def __enter__(self) -> sqlite3.Connection:
        self._db.execute("BEGIN IMMEDIATE")
        return self._db

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        self._db.execute("COMMIT" if kind is None else "ROLLBACK")
