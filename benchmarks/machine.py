"""The machine and the versions that the numbers belong to."""

from __future__ import annotations

import os
import platform
import re
import subprocess
from importlib.metadata import version
from pathlib import Path

from benchmarks.tools import FOLDER, program, workerd


def describe() -> dict[str, str]:
    return {
        "cpu": _cpu(),
        "cores": str(os.cpu_count()),
        "memory": f"{os.sysconf('SC_PAGE_SIZE') * os.sysconf('SC_PHYS_PAGES') / 2**30:.1f} GiB",
        "kernel": f"{platform.system()} {platform.release()}",
        "load average before": f"{os.getloadavg()[0]:.2f}",
        "edgewright": f"{version('edgewright')} ({_commit()})",
        "python": platform.python_version(),
        **{name: version(name) for name in ("pydeno", "granian", "httptools")},
        "workerd": _first_line(workerd(), "--version"),
        "wrk": re.sub(r" \[.*", "", _first_line(program("wrk"), "-v")),
        "nginx": _first_line(program("nginx"), "-v").removeprefix("nginx version: "),
    }


def _cpu() -> str:
    found = re.search(r"^model name\s*: (.*)$", Path("/proc/cpuinfo").read_text(), re.MULTILINE)
    return found[1] if found else platform.machine()


def _commit() -> str:
    command = ["git", "describe", "--always", "--dirty", "--exclude=*"]
    try:
        return subprocess.check_output(command, cwd=FOLDER, text=True).strip()
    except (OSError, subprocess.CalledProcessError):
        return "not from a repository"


def _first_line(*command: str) -> str:
    """Of what a program says on either output, whatever its exit code: wrk -v gives 1."""
    result = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    return result.stdout.strip().partition("\n")[0]
