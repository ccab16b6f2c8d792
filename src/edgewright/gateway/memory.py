"""How much memory the isolates of a node may use together, and who goes when it is too little.

A Worker that nobody asks anything costs as much memory as a busy one. So isolates that have nothing
to do are given up when memory is short, the one that was used longest ago first; the next request
to their Worker loads it anew, which takes about as long as its first one did.

What the hosts use is read from the kernel, and not from what they say: they may be in an attacker's
hands. It is the memory that they don't share with each other, with a small part that belongs to no
isolate. Where the kernel doesn't tell, isolates are counted, as if each was of an idle one's size.
An isolate that is busy stays in any case, so the bound may be exceeded; `memory_mb` bounds each.
"""

from __future__ import annotations

import math
import os
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Protocol

from edgewright.gateway.hosts import Host

_NOMINAL = 6 << 20
"""Bytes of an isolate that is idle, with its share of its host."""

_CGROUPS = (Path("/sys/fs/cgroup/memory.max"), Path("/sys/fs/cgroup/memory/memory.limit_in_bytes"))
"""Version 2 and version 1, as a container sees its own."""

_PAGE = os.sysconf("SC_PAGE_SIZE")


class Evictable(Protocol):
    """An isolate, as far as this file is concerned."""

    @property
    def busy(self) -> bool: ...

    @property
    def idle_since(self) -> float: ...

    def close(self) -> None: ...


class MemoryBound:
    """Keeps the isolates of a node below `megabytes`; by default, half of the machine's memory."""

    def __init__(self, megabytes: int | None = None) -> None:
        if megabytes is not None and megabytes <= 0:
            raise ValueError(f"a bound on memory must be above 0, not {megabytes}")
        self.bytes = default_bound() if megabytes is None else megabytes << 20
        self.evictions = 0
        """Isolates that were closed."""

    def evict(
        self, hosts: Iterable[Host], isolates: Iterable[Evictable], *, most: int | None = None
    ) -> None:
        """Closes as many idle isolates as the memory asks for, `most` at a time."""
        isolates = list(isolates)
        used = _used(hosts, len(isolates))
        if used <= self.bytes or not isolates:
            return
        excess = math.ceil((used - self.bytes) / used * len(isolates))
        # The one that was used last would only be asked for again.
        idle = sorted(isolates, key=lambda isolate: isolate.idle_since)[:-1]
        idle = [isolate for isolate in idle if not isolate.busy]
        for isolate in idle[: excess if most is None else min(excess, most)]:
            isolate.close()
            self.evictions += 1


def default_bound(cgroups: Sequence[Path] = _CGROUPS) -> int:
    """Half of the memory that the machine, or this container, has. In bytes."""
    memory = _PAGE * os.sysconf("SC_PHYS_PAGES")
    for file in cgroups:
        try:
            text = file.read_text().strip()
        except OSError:
            continue
        if text.isdecimal():  # version 2 says "max" where there is no limit
            memory = min(memory, int(text))
    return memory // 2


def _used(hosts: Iterable[Host], isolates: int) -> int:
    return sum(private_bytes(host.process.pid) for host in hosts) or isolates * _NOMINAL


def private_bytes(pid: int) -> int:
    """What a process has in memory and does not share; 0 where the kernel doesn't tell."""
    try:
        resident, shared = Path(f"/proc/{pid}/statm").read_text().split()[1:3]
    except OSError:  # it has just ended, or this system has no /proc
        return 0
    return (int(resident) - int(shared)) * _PAGE
