"""Bounds on what the process may use of the machine."""

from __future__ import annotations

import resource
import sys

_THREADS = 1024
_LIMITS = {
    "RLIMIT_CORE": 0,
    "RLIMIT_FSIZE": 0,
    "RLIMIT_MEMLOCK": 0,
    "RLIMIT_MSGQUEUE": 0,
    "RLIMIT_NOFILE": 1024,
    "RLIMIT_RTPRIO": 0,
}


def close(*, data_bytes: int, count_threads: bool) -> None:
    """Raises OSError and ValueError. `count_threads`: the process has a user namespace of its own;
    otherwise all processes of its user would count."""
    for name, bound in _LIMITS.items():
        if hasattr(resource, name):
            _lower(getattr(resource, name), bound)
    if count_threads:
        _lower(resource.RLIMIT_NPROC, _THREADS)
    if sys.platform == "linux":
        # Elsewhere this counts address space, of which V8 reserves far more than it uses.
        _lower(resource.RLIMIT_DATA, data_bytes)


def _lower(limit: int, bound: int) -> None:
    _, most = resource.getrlimit(limit)
    if most != resource.RLIM_INFINITY:
        bound = min(bound, most)
    resource.setrlimit(limit, (bound, bound))
