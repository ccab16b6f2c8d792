"""Bounds on what the process may use of the machine."""

from __future__ import annotations

import os
import resource
import sys

RESERVED_PER_ISOLATE = 160 << 20
"""Bytes that count as the process's data for each isolate, of which hardly any is used: V8 sets
128 MiB aside for compiled code, and three threads have their stacks."""

_THREADS = 1024
_LIMITS = {
    "RLIMIT_CORE": 0,
    "RLIMIT_FSIZE": 0,
    "RLIMIT_MEMLOCK": 0,
    "RLIMIT_MSGQUEUE": 0,
    "RLIMIT_NOFILE": 1024,
    "RLIMIT_RTPRIO": 0,
}


def data_bytes(isolates: int) -> int:
    """Memory for a host of so many isolates: half of the machine's, WebAssembly's included."""
    machine = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return isolates * RESERVED_PER_ISOLATE + machine // 2


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
