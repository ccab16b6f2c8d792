"""Runs Python in a process that has closed the cage as an isolate host does: whoever found a hole
in V8 could do no more than this code can."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import tempfile
from dataclasses import dataclass

_PROLOGUE = """
import array, ctypes, errno, fcntl, json, mmap, os, resource, select, signal, socket, struct
import subprocess, sys, termios, threading, time
import _posixsubprocess
from edgewright.isolate.sandbox import landlock, namespaces, privileges, rlimits, seccomp
from edgewright.isolate.sandbox import close_cage
from edgewright.isolate.sandbox.libc import mount, prctl, syscall, unshare
from edgewright.isolate.sandbox.syscalls import MACHINES

NR = MACHINES[os.uname().machine].numbers
LINE = int(sys.argv[1])
SECRET = sys.argv[2]
libc = ctypes.CDLL(None, use_errno=True)

def call(name, *arguments):
    return syscall(NR[name], *arguments)

"""

_EPILOGUE = """
try:
    attack()
except OSError as error:
    answer = errno.errorcode.get(error.errno, str(error))
except (MemoryError, RuntimeError, ValueError) as error:
    answer = type(error).__name__
else:
    answer = "done"
os.write(1, answer.encode())
"""

REFUSED = {"EPERM", "EACCES", "ENOENT", "ENOSYS", "EROFS", "SIGSYS"}
"""How the cage says no."""

CLOSE = "assert close_cage(1 << 30) == {}"


@dataclass(frozen=True)
class Tried:
    caged: str
    """"done", an error's name, or the signal that ended the process."""
    free: str
    """The same without a cage, so that it is known to be one that would work."""

    @property
    def refused(self) -> bool:
        return self.free == "done" and self.caged in REFUSED


def attempt(attack: str, *, close: str = CLOSE, setup: str = "") -> Tried:
    """Tries an attack (the body of a function) in the cage and outside. `setup` is what the host
    had done before it closed the cage. `LINE` is its socket, `SECRET` a file with something in
    it."""
    return Tried(run(attack, close, setup), run(attack, "", setup))


def run(attack: str, close: str = CLOSE, setup: str = "") -> str:
    body = "\n    ".join(attack.strip().splitlines())
    program = f"{_PROLOGUE}\n{setup}\n{close}\ndef attack():\n    {body}\n{_EPILOGUE}"
    ours, theirs = socket.socketpair()
    with tempfile.NamedTemporaryFile("w") as secret, ours, theirs:
        os.chmod(secret.name, 0o666)
        secret.write("secret")
        secret.flush()
        process = subprocess.run(
            [sys.executable, "-c", program, str(theirs.fileno()), secret.name],
            env={"CANARY": "in the environment"},
            pass_fds=[theirs.fileno()],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=60,
        )
    if process.returncode < 0:
        return signal.Signals(-process.returncode).name
    answer = process.stdout.decode()
    assert answer, process.stderr.decode()
    return answer
