"""The runtime layer's files: read now, as the sandbox leaves no way to read them later."""

from __future__ import annotations

import mmap
from pathlib import Path

_FOLDER = Path(__file__).parent
RUNTIME_SCRIPT = _FOLDER / "runtime.js"
"""What the snapshot is made of."""

_SHORTEST = 24
"""Characters of a function that can't be anybody's by chance."""


def _mapped(file: Path) -> mmap.mmap:
    """Pages of a file, which take no memory until they are used."""
    with file.open("rb") as opened:
        return mmap.mmap(opened.fileno(), 0, access=mmap.ACCESS_READ)


_SNAPSHOT = _mapped(RUNTIME_SCRIPT)
_LAZY_SCRIPTS = {
    file.stem.removeprefix("runtime-"): file.read_text() for file in _FOLDER.glob("runtime-*.js")
}
_LAZY_BINARIES = {
    file.stem.removeprefix("runtime-"): _mapped(file) for file in _FOLDER.glob("*.wasm")
}


def lazy_script(name: str) -> str:
    return _LAZY_SCRIPTS[name]


def lazy_binary(name: str) -> bytes:
    return _LAZY_BINARIES[name][:]


def is_ours(source: str) -> bool:
    """Whether a function's source is a piece of the layer, which is ASCII and nothing else."""
    if len(source) < _SHORTEST or not source.isascii():
        return False
    if _SNAPSHOT.find(source.encode()) >= 0:
        return True
    return any(source in script for script in _LAZY_SCRIPTS.values())
