"""System calls that Python has no function for (as of 3.11), by way of the C library."""

from __future__ import annotations

import ctypes
import os

_libc = ctypes.CDLL(None, use_errno=True)
_libc.syscall.restype = ctypes.c_long


def syscall(number: int, *arguments: object) -> int:
    """Raises OSError. Pass integers as c_long or c_ulong where they may not fit into an int."""
    return _checked(_libc.syscall(ctypes.c_long(number), *arguments))


def prctl(option: int, *values: int) -> int:
    """Raises OSError."""
    padded = (*values, 0, 0, 0, 0)[:4]
    return _checked(_libc.prctl(option, *(ctypes.c_ulong(value) for value in padded)))


def unshare(flags: int) -> None:
    """Raises OSError."""
    _checked(_libc.unshare(flags))


def mount(source: str | None, target: str, kind: str | None, flags: int, data: str | None) -> None:
    """Raises OSError."""
    text = [None if part is None else os.fsencode(part) for part in (source, target, kind, data)]
    _checked(_libc.mount(text[0], text[1], text[2], ctypes.c_ulong(flags), text[3]))


def unmount(target: str, flags: int) -> None:
    """Raises OSError."""
    _checked(_libc.umount2(os.fsencode(target), flags))


def _checked(result: int) -> int:
    if result == -1:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
    return result
