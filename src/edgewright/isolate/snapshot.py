"""The start-up snapshot, built once and kept."""

from __future__ import annotations

import hashlib
import importlib.metadata
import os
import platform
import subprocess
import sys
import tempfile
from pathlib import Path

from edgewright.isolate.engine import build_snapshot
from edgewright.isolate.layer import RUNTIME_SCRIPT


def load_snapshot(folder: Path) -> bytes:
    """The snapshot of this runtime layer for this engine, kept in `folder`; takes 0.3 s the first
    time."""
    runtime = RUNTIME_SCRIPT.read_text()
    file = folder / f"{_key(runtime)}.snapshot"
    try:
        return file.read_bytes()
    except FileNotFoundError:
        pass
    # In another process, as building changes how V8 runs code in this one from then on.
    build = [sys.executable, "-I", "-m", __name__]
    snapshot = subprocess.run(build, stdout=subprocess.PIPE, check=True).stdout
    _keep(file, snapshot)
    return snapshot


def _key(runtime: str) -> str:
    engine = importlib.metadata.version("pydeno")
    parts = (runtime, engine, platform.machine(), platform.system())
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:32]


def _keep(file: Path, snapshot: bytes) -> None:
    """Writes the cache file whole or not at all. A cache that can't be written is no error."""
    try:
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=file.parent)
        with os.fdopen(handle, "wb") as temporary:
            temporary.write(snapshot)
        os.replace(name, file)
    except OSError:
        pass


if __name__ == "__main__":
    sys.stdout.buffer.write(build_snapshot(RUNTIME_SCRIPT.read_text()))
