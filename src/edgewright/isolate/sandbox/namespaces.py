"""Namespaces of the process's own: a network without interfaces, no one to talk to by System V IPC,
and a file tree that holds nothing but the kernel's source of random bytes.

https://man7.org/linux/man-pages/man7/namespaces.7.html
"""

from __future__ import annotations

import fcntl
import os
import socket
import struct
from pathlib import Path

from edgewright.isolate.sandbox.landlock import RANDOM
from edgewright.isolate.sandbox.libc import mount, prctl, syscall, unmount, unshare
from edgewright.isolate.sandbox.syscalls import MACHINES

_NEW_USER = 0x10000000
_NEW = 0x40000000 | 0x20000 | 0x08000000 | 0x04000000  # network, mounts, IPC, host name

_PR_SET_DUMPABLE = 4

_MS_RDONLY, _MS_NOSUID, _MS_NOEXEC, _MS_REMOUNT = 0x1, 0x2, 0x8, 0x20
_MS_BIND, _MS_REC, _MS_PRIVATE = 0x1000, 0x4000, 0x40000
_MNT_DETACH = 2

_SIOCSIFFLAGS, _IFF_UP = 0x8914, 0x1

_PLACE = "/tmp"
"""Where the new root is mounted until it is the root: any folder would do."""


def separate(*, loopback: bool = False) -> None:
    """Leaves the machine's namespaces, as root. With `loopback` the new network has that one
    interface. Raises OSError."""
    unshare(_NEW)
    if loopback:
        _raise_loopback()


def separate_user() -> None:
    """Leaves the users' namespace only, so that the process's threads are counted apart from those
    of its user's other processes. There must be no other thread yet. Raises OSError."""
    unshare(_NEW_USER)


def separate_unprivileged(*, loopback: bool = False) -> None:
    """Leaves them by way of a user namespace, which needs no privilege where it is permitted. There
    must be no other thread yet. Raises OSError."""
    user, group = os.geteuid(), os.getegid()
    unshare(_NEW_USER | _NEW)
    # Without a mapping of its own id a process can make no file, not even in its own tmpfs.
    prctl(_PR_SET_DUMPABLE, 1)  # what became another user before can't open the next ones
    Path("/proc/self/setgroups").write_text("deny")
    Path("/proc/self/uid_map").write_text(f"{user} {user} 1")
    Path("/proc/self/gid_map").write_text(f"{group} {group} 1")
    if loopback:
        _raise_loopback()


def _raise_loopback() -> None:
    """It is there in each network, but down. See netdevice(7)."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
        fcntl.ioctl(any_socket, _SIOCSIFFLAGS, struct.pack("16sh14x", b"lo", _IFF_UP))


def empty_root() -> None:
    """Makes a file tree with one device in it the process's own. Needs the namespaces. Raises
    OSError."""
    mount(None, "/", None, _MS_REC | _MS_PRIVATE, None)
    mount("tmpfs", _PLACE, "tmpfs", _MS_NOSUID | _MS_NOEXEC, "size=4k,mode=755")
    random = Path(_PLACE + RANDOM)
    random.parent.mkdir()
    random.touch()
    mount(RANDOM, str(random), None, _MS_BIND, None)
    read_only = _MS_REMOUNT | _MS_BIND | _MS_RDONLY | _MS_NOSUID | _MS_NOEXEC
    mount(None, _PLACE, None, read_only, None)
    os.chdir(_PLACE)
    # The old root ends up on top of the new one, and is taken away (pivot_root(2), "NOTES").
    pivot_root = MACHINES[os.uname().machine].numbers["pivot_root"]
    syscall(pivot_root, b".", b".")
    unmount(".", _MNT_DETACH)
    os.chdir("/")
