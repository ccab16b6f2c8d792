"""The cage: what an isolate host does to itself before it runs a Worker's first line.

Whoever finds a hole in V8 is inside this process with all that the process may do. So it may do
nothing but compute and answer on the sockets that it was given. The layers overlap on purpose, for
each of them has had holes of its own: docs/security.md says what each is for.

Everything that the process will ever need from disk has to be loaded before, and no thread but the
main one may have been started.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable

from edgewright.isolate.sandbox import landlock, namespaces, privileges, rlimits, seccomp

LAYERS = {
    "privileges": "no root, no capabilities, none to be had",
    "namespaces": "a network without interfaces",
    "root": "a file tree with nothing in it",
    "landlock": "no files, no TCP, no signals to others",
    "limits": "bounds on memory, threads and descriptors",
    "seccomp": "only the system calls that it needs",
}
"""What there is on Linux: name, and what it gives."""


def close_cage(data_bytes: int, *, loopback: bool = False) -> dict[str, str]:
    """Closes what the machine lets it close: the layers that are missing, and why. `data_bytes` is
    all the memory that the process may ask for.

    With `loopback` the process may talk to itself by TCP, as the engine's inspector has no other
    way: over an interface of its own network, which leads nowhere. Where it has no network of its
    own it may not either.
    """
    if sys.platform != "linux":
        rlimits.close(data_bytes=data_bytes, count_threads=False)
        return {name: f"not on {sys.platform}" for name in LAYERS if name != "limits"}
    missing: dict[str, str] = {}

    def attempt(name: str, close: Callable[[], None]) -> bool:
        try:
            close()
        except (OSError, ValueError, KeyError) as error:
            missing.setdefault(name, _reason(error))
            return False
        return True

    own_user = _separate(attempt, missing, loopback=loopback)
    loopback = loopback and "namespaces" not in missing
    rooted = "namespaces" not in missing and "root" not in missing
    attempt("privileges", privileges.drop)
    locked = attempt("landlock", lambda: landlock.close(tcp=loopback))
    attempt("limits", lambda: rlimits.close(data_bytes=data_bytes, count_threads=own_user))
    attempt("seccomp", lambda: seccomp.close(may_open=rooted or locked, tcp=loopback))
    return missing


def _separate(
    attempt: Callable[[str, Callable[[], None]], bool], missing: dict[str, str], *, loopback: bool
) -> bool:
    """Namespaces and an empty root, and no root user. Whether in a user namespace of our own."""
    root = os.geteuid() == 0
    if root and attempt("namespaces", lambda: namespaces.separate(loopback=loopback)):
        attempt("root", namespaces.empty_root)
        attempt("privileges", privileges.become_nobody)
        return attempt("namespaces", namespaces.separate_user)
    if root:
        attempt("privileges", privileges.become_nobody)
    missing.pop("namespaces", None)  # There is the other way.
    if attempt("namespaces", lambda: namespaces.separate_unprivileged(loopback=loopback)):
        attempt("root", namespaces.empty_root)
        return True
    missing["root"] = "needs namespaces"
    return False


def _reason(error: Exception) -> str:
    return error.strerror or str(error) if isinstance(error, OSError) else str(error)
