"""`edgewright doctor`: whether this machine can run Workers, and how well it locks them in.

Each check tries the real thing, in a process of its own where that could break something.
"""

from __future__ import annotations

import asyncio
import importlib.metadata
import json
import os
import resource
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import platformdirs

from edgewright.supervisor.listener import ListenError, listen
from edgewright.worker import LOADING_ERRORS, Worker, WorkerException

_MIN_PYTHON = (3, 11)
_MIN_OPEN_FILES = 4096
"""A client and its subrequests are a descriptor each."""

_LAYER_ADVICE = {
    "namespaces": "Containers and some distributions forbid them: see docs/security.md.",
    "root": "It comes with namespaces.",
    "landlock": "It needs Linux 5.13 or newer with `landlock` among the kernel's `lsm=`.",
    "seccomp": "The kernel needs CONFIG_SECCOMP_FILTER; x86_64 and aarch64 are known.",
}

_WORKER = "export default { fetch: () => new Response('well') };"


@dataclass(frozen=True, slots=True)
class Check:
    """What was looked at, and what was found."""

    name: str
    status: Literal["ok", "warning", "missing"]
    """"missing" is what nothing works without."""
    found: str
    advice: str = ""


async def examine(port: int) -> list[Check]:
    """All checks, in the order in which they are to be read."""
    return [
        _python(),
        _package("pydeno"),
        await _runs(),
        _snapshot(),
        *await _sandbox(),
        _port(port),
        _open_files(),
        _cpus(),
    ]


def _python() -> Check:
    found = f"{sys.implementation.name} {sys.version.split()[0]}"
    if sys.version_info < _MIN_PYTHON or sys.implementation.name != "cpython":
        return Check("Python", "missing", found, "CPython 3.11 or newer is needed.")
    return Check("Python", "ok", found)


def _package(name: str) -> Check:
    wanted = next(
        (
            requirement.partition("==")[2]
            for requirement in importlib.metadata.requires("edgewright") or []
            if requirement.startswith(f"{name}==")
        ),
        "",
    )
    try:
        found = importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return Check(name, "missing", "not installed", f"`pip install {name}=={wanted}`")
    if found != wanted:
        advice = f"Edgewright was tested with {wanted}: `pip install {name}=={wanted}`"
        return Check(name, "warning", found, advice)
    return Check(name, "ok", found)


async def _runs() -> Check:
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "worker.js"
        file.write_text(_WORKER)
        start = time.perf_counter()
        try:
            async with Worker(file) as worker:
                await (await worker.fetch("http://doctor.invalid/")).text()
        except (*LOADING_ERRORS, WorkerException) as error:
            return Check("Worker", "missing", str(error), "The error is above.")
    return Check("Worker", "ok", f"ran in {(time.perf_counter() - start) * 1000:.0f} ms")


def _snapshot() -> Check:
    folder = Path(platformdirs.user_cache_dir("edgewright"))
    files = list(folder.glob("*.snapshot"))
    if not files:
        advice = (
            "Each isolate host builds it anew, which takes 0.3 s: let the folder be written to."
        )
        return Check("snapshot", "warning", f"none in {folder}", advice)
    size = sum(file.stat().st_size for file in files)
    return Check("snapshot", "ok", f"{len(files)} in {folder}, {size / 1e6:.1f} MB")


async def _sandbox() -> list[Check]:
    """In a process that is for nothing else, as there is no way back."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-I",
        "-m",
        "edgewright.isolate.sandbox",
        stdout=asyncio.subprocess.PIPE,
    )
    output, _ = await process.communicate()
    if process.returncode:
        found = f"closing it ended the process with {process.returncode}"
        return [Check("sandbox", "missing", found, "Workers run with --sandbox off only.")]
    layers: dict[str, dict[str, str]] = json.loads(output)
    return [
        Check(f"sandbox: {name}", "warning", layer["missing"], _LAYER_ADVICE.get(name, ""))
        if "missing" in layer
        else Check(f"sandbox: {name}", "ok", layer["gives"])
        for name, layer in layers.items()
    ]


def _port(port: int) -> Check:
    name = f"port {port}"
    try:
        listen("127.0.0.1", port).close()
    except ListenError as error:
        return Check(name, "warning", str(error), "`--port` takes another one.")
    return Check(name, "ok", "free")


def _open_files() -> Check:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    found = "unlimited" if soft == resource.RLIM_INFINITY else str(soft)
    if 0 <= soft < _MIN_OPEN_FILES:
        more = f"`ulimit -n {hard if hard > soft else 65536}` before starting it."
        return Check("open files", "warning", found, f"Few for a server: {more}")
    return Check("open files", "ok", found)


def _cpus() -> Check:
    count = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return Check("CPUs", "ok", f"{count}: `serve --workers {count}` uses them all")
