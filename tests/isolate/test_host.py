"""The isolate host's process."""

from __future__ import annotations

import os
import socket
import subprocess
import sys

import platformdirs

_ARGUMENTS = ["caged", "4", platformdirs.user_cache_dir("edgewright"), "plain"]

_BROKEN = """
import sys
from edgewright.isolate import host

def broken(*arguments, **options):
    raise RuntimeError("no isolate today")

host.Isolate = broken
host.main()
"""

_CURIOUS = """
import os, sys
from edgewright.isolate import host

def look(folder):
    print(sorted(os.listdir("/proc/self/fd"), key=int))
    raise SystemExit

host.load_snapshot = look
host.main()
"""


def start(program: str, *inherited: int) -> tuple[socket.socket, subprocess.Popen[str]]:
    """A host, and the gateway's end of its control socket."""
    ours, theirs = socket.socketpair()
    with theirs:
        process = subprocess.Popen(
            [sys.executable, "-c", program, str(theirs.fileno()), *_ARGUMENTS],
            pass_fds=(theirs.fileno(), *inherited),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
    ours.settimeout(20)
    return ours, process


def test_a_host_that_cannot_make_isolates_ends_and_says_why() -> None:
    control, process = start(_BROKEN)
    with control:
        assert control.recv(16) == b""
        _, errors = process.communicate(timeout=20)
    assert process.returncode == 1
    assert "RuntimeError: no isolate today" in errors


def test_a_host_keeps_nothing_that_it_was_not_given() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        control, process = start(_CURIOUS, listener.fileno(), os.dup(2))
        with control:
            output, _ = process.communicate(timeout=20)
    # Standard streams, the control socket, and the folder that is listed.
    assert len(output.split(",")) == 5
