"""What a process is allowed to do for being whose it is: no root, no capabilities, none to be had
by any program, no debugger, no life without its parent."""

from __future__ import annotations

import ctypes
import os
import signal
from contextlib import suppress

from edgewright.isolate.sandbox.libc import prctl, syscall

NOBODY = 65534
"""The user that owns nothing, by convention and to the kernel (overflowuid)."""

_PR_SET_PDEATHSIG = 1
_PR_SET_DUMPABLE = 4
_PR_CAPBSET_DROP = 24
_PR_SET_SECUREBITS = 28
_PR_SET_NO_NEW_PRIVS = 38
_PR_CAP_AMBIENT, _PR_CAP_AMBIENT_CLEAR_ALL = 47, 4

_CAPSET = {"x86_64": 126, "aarch64": 91}
_CAPABILITY_VERSION = 0x20080522
_LAST_CAPABILITY = 63
_SECURE = 0b101111
"""Being root means nothing (SECBIT_NOROOT, _NO_SETUID_FIXUP, and both locked), and no ambient
capabilities."""


def become_nobody() -> None:
    """Lets go of root. Raises OSError."""
    os.setgroups([])
    os.setresgid(NOBODY, NOBODY, NOBODY)
    os.setresuid(NOBODY, NOBODY, NOBODY)


def drop() -> None:
    """Gives up all there is to give up, for good. Raises OSError."""
    prctl(_PR_SET_NO_NEW_PRIVS, 1)
    for capability in range(_LAST_CAPABILITY + 1):
        # Fails without CAP_SETPCAP, and then there is none to be had, as there are no new
        # privileges; and for the numbers that the kernel has no capability for.
        with suppress(OSError):
            prctl(_PR_CAPBSET_DROP, capability)
    with suppress(OSError):
        prctl(_PR_SET_SECUREBITS, _SECURE)
    prctl(_PR_CAP_AMBIENT, _PR_CAP_AMBIENT_CLEAR_ALL)
    header = (ctypes.c_uint32 * 2)(_CAPABILITY_VERSION, 0)
    syscall(_CAPSET[os.uname().machine], header, (ctypes.c_uint32 * 6)())
    # After all changes of who we are, which undo both.
    prctl(_PR_SET_DUMPABLE, 0)
    prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
