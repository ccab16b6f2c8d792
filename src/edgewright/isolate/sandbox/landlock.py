"""Landlock: no files but the kernel's source of random bytes, no TCP, no abstract Unix sockets and
no signals to the outside, by the kernel's own access control for the unprivileged.

https://docs.kernel.org/userspace-api/landlock.html
"""

from __future__ import annotations

import ctypes
import os

from edgewright.isolate.sandbox.libc import syscall

RANDOM = "/dev/urandom"
"""V8 seeds Math.random() and its hash tables from it, for each isolate."""

# The same numbers on all machines.
_CREATE_RULESET = 444
_ADD_RULE = 445
_RESTRICT_SELF = 446

_ASK_VERSION = 1
_PATH_BENEATH = 1
_READ_FILE = 1 << 2

_FILE_RIGHTS = {1: 13, 2: 14, 3: 15, 5: 16}
"""How many rights on files are known from which version on."""


class _Ruleset(ctypes.Structure):
    """struct landlock_ruleset_attr"""

    _fields_ = (
        ("files", ctypes.c_uint64),
        ("network", ctypes.c_uint64),
        ("scoped", ctypes.c_uint64),
    )


class _Path(ctypes.Structure):
    """struct landlock_path_beneath_attr, without the padding at its end, which is not looked at"""

    _fields_ = (("allowed", ctypes.c_uint64), ("folder", ctypes.c_int32))


def close(*, tcp: bool = False) -> None:
    """For the calling thread and those that it starts: there must be no other yet. With `tcp`, that
    is left to the other layers. Raises OSError where the kernel has no Landlock."""
    version = syscall(_CREATE_RULESET, None, ctypes.c_size_t(0), _ASK_VERSION)
    rights = max(count for since, count in _FILE_RIGHTS.items() if since <= version)
    rules = _Ruleset(
        files=(1 << rights) - 1,
        network=0b11 if version >= 4 and not tcp else 0,  # bind, connect
        scoped=0b11 if version >= 6 else 0,  # abstract Unix sockets, signals
    )
    size = 8 if version < 4 else 16 if version < 6 else 24
    ruleset = syscall(_CREATE_RULESET, ctypes.byref(rules), ctypes.c_size_t(size), 0)
    try:
        random = os.open(RANDOM, os.O_PATH | os.O_CLOEXEC)
        try:
            path = _Path(_READ_FILE, random)
            syscall(_ADD_RULE, ruleset, _PATH_BENEATH, ctypes.byref(path), 0)
        finally:
            os.close(random)
        syscall(_RESTRICT_SELF, ruleset, 0)
    finally:
        os.close(ruleset)
