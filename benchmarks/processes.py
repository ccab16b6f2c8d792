"""What processes use, from /proc. https://man7.org/linux/man-pages/man5/proc.5.html"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

_TICKS = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True, slots=True)
class Usage:
    cpu: float
    """Seconds of CPU time so far, user and system."""
    resident: int
    """Bytes: RSS."""
    proportional: int
    """Bytes: PSS, which counts a page that n processes share as 1/n; RSS where it can't be read."""
    peak: int
    """Bytes: the highest RSS since reset_peaks()."""


def tree(root: int) -> list[int]:
    """A process and all that descend from it."""
    parents: dict[int, list[int]] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            with contextlib.suppress(OSError):
                parents.setdefault(int(_stat(int(entry.name))[1]), []).append(int(entry.name))
    found = [root]
    for pid in found:
        found += sorted(parents.get(pid, ()))
    return found


def role(pid: int) -> str:
    """What a process is for, in the words of the report."""
    command = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
    if b"edgewright.isolate" in command:
        return "isolate host"
    if b"edgewright.gateway" in command:
        return "gateway"
    return "workerd" if command[0].endswith(b"workerd") else "supervisor"


def usage(pid: int) -> Usage:
    fields = _stat(pid)
    status = _sizes(Path(f"/proc/{pid}/status"))
    resident = status["VmRSS"]
    proportional = resident
    with contextlib.suppress(OSError):  # of a process that made itself unreadable
        proportional = _sizes(Path(f"/proc/{pid}/smaps_rollup"))["Pss"]
    cpu = (int(fields[11]) + int(fields[12])) / _TICKS
    return Usage(cpu, resident, proportional, status["VmHWM"])


def reset_peaks(pids: Iterable[int]) -> None:
    for pid in pids:
        with contextlib.suppress(OSError):
            Path(f"/proc/{pid}/clear_refs").write_text("5")


def _stat(pid: int) -> list[str]:
    """The fields from the third (state) on: the second may hold spaces and parentheses."""
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()


def _sizes(file: Path) -> dict[str, int]:
    """The lines `Name:   123 kB`, in bytes."""
    sizes: dict[str, int] = {}
    for line in file.read_text().splitlines():
        name, _, value = line.partition(":")
        if value.endswith(" kB"):
            sizes[name] = int(value.split()[0]) * 1024
    return sizes
