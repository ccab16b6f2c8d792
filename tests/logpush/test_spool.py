"""The buffer: what is written, sealed, and left by who dies."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from edgewright.logpush.spool import Segment, Spool

ABANDONS = """
import os, signal, sys
from pathlib import Path
from edgewright.logpush.spool import Segment, Spool
segment = Segment(Spool(Path(sys.argv[1])))
segment.append(b'{"a":1}\\n{"a":2}\\n', 2)
segment.append(b'{"tor', 1)
os.kill(os.getpid(), signal.SIGKILL)
"""


def test_what_is_sealed_may_be_delivered_oldest_first(tmp_path: Path) -> None:
    spool = Spool(tmp_path)
    for text in (b"1\n", b"2\n"):
        segment = Segment(spool)
        segment.append(text, 1)
        assert b"".join(path.read_bytes() for path in spool.sealed()) != b"1\n2\n"
        segment.seal()
    assert [path.read_bytes() for path in spool.sealed()] == [b"1\n", b"2\n"]
    assert spool.size() == 4


def test_who_lives_keeps_his_segment(tmp_path: Path) -> None:
    spool = Spool(tmp_path)
    segment = Segment(spool)
    segment.append(b"1\n", 1)
    Spool(tmp_path).adopt()
    assert spool.sealed() == []
    segment.append(b"2\n", 1)
    segment.seal()
    assert [path.read_bytes() for path in spool.sealed()] == [b"1\n2\n"]


def test_who_was_killed_leaves_all_but_a_torn_line(tmp_path: Path) -> None:
    process = subprocess.run([sys.executable, "-c", ABANDONS, str(tmp_path)], check=False)
    assert process.returncode == -9
    spool = Spool(tmp_path)
    assert spool.sealed() == []
    spool.adopt()
    assert [path.read_bytes() for path in spool.sealed()] == [b'{"a":1}\n{"a":2}\n']


def test_one_delivers_at_a_time(tmp_path: Path) -> None:
    assert Spool(tmp_path).lock() is not None
    assert Spool(tmp_path).lock() is None
