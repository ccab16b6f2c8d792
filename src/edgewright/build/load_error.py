"""Tells the developer why V8 did not start a Worker."""

from __future__ import annotations

from pathlib import Path

from edgewright.build.bundle import WorkerBundle
from edgewright.excerpt import display_path, source_excerpt
from edgewright.observe.stack import Sources
from edgewright.protocol.messages import LoadError


def format_load_error(bundle: WorkerBundle, error: LoadError) -> str:
    """One message: where (in the developer's files), what, the source line, the frames below it."""
    message = f"{error.name}: {error.message}"
    place = place_of(bundle, error)
    if place is None:
        return f"{bundle.name}: {message}"
    file, line, column = place
    if line == 0:
        return f"{display_path(file)}: {message}"
    source = bundle.sources.get(error.specifier, "")
    parts = [
        f"{display_path(file)}:{line}:{column}: {message}",
        source_excerpt(source, line, column),
        *_frames(bundle, error),
    ]
    return "\n".join(part for part in parts if part)


def place_of(bundle: WorkerBundle, error: LoadError) -> tuple[Path, int, int] | None:
    """File, line and column in what the developer wrote; the line is 0 where it is unknown."""
    file = bundle.files.get(error.specifier)
    if file is None:
        return None
    source = bundle.sources.get(error.specifier, "")
    return file, error.line, _characters(source, error.line, error.column) if error.line else 0


def _characters(source: str, line: int, column: int) -> int:
    """V8 counts a column in UTF-16 code units; people and Python count characters."""
    lines = source.split("\n")
    if not 1 <= line <= len(lines):
        return column
    units = lines[line - 1].encode("utf-16-le", errors="surrogatepass")
    return len(units[: 2 * (column - 1)].decode("utf-16-le", errors="replace")) + 1


def _frames(bundle: WorkerBundle, error: LoadError) -> list[str]:
    """The stack where it tells more than the position, without frames of the runtime layer."""
    frames = [line.strip() for line in error.stack.split("\n") if line.lstrip().startswith("at ")]
    own = [frame for frame in frames if "worker:/" in frame]
    if len(own) < 2:
        return []
    sources = Sources(bundle.sources, bundle.files)
    return [f"    {sources.locate(frame)}" for frame in own]
