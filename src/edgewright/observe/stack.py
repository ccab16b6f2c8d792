"""From a stack trace as V8 writes it to the developer's files."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

_POSITION = re.compile(r"(worker:/[^()\n]*?):(\d+):(\d+)")

CONTEXT = 3
"""Lines shown before and after the one that threw."""

MAX_WIDTH = 200
"""Characters of a source line that are shown: bundled code has lines of megabytes."""


@dataclass(frozen=True, slots=True)
class SourceLine:
    number: int
    text: str
    marked: int | None = None
    """Column, 0-based within `text`, of what threw; None on the lines around it."""


@dataclass(frozen=True, slots=True)
class Excerpt:
    """Some lines of a source, around a position."""

    place: str
    """`src/index.js:3:9`"""
    lines: list[SourceLine]


@dataclass(frozen=True, slots=True)
class Sources:
    """What a Worker's positions refer to. Both mappings are a WorkerBundle's."""

    modules: Mapping[str, str] = field(default_factory=dict[str, str])
    files: Mapping[str, Path] = field(default_factory=dict[str, Path])

    def locate(self, text: str) -> str:
        """`text` with each `worker:/x.js:3:9` replaced by the file, relative to the current
        directory where it lies below it."""
        return _POSITION.sub(lambda found: self._place(found[1], found[2], found[3]), text)

    def excerpt(self, stack: str) -> Excerpt | None:
        """The source around the topmost frame that is in the Worker's own code."""
        for specifier, line, column in _POSITION.findall(stack):
            source = self.modules.get(specifier)
            lines = source.splitlines() if source is not None else []
            if 1 <= int(line) <= len(lines):
                place = self._place(specifier, line, column)
                return Excerpt(place, _around(lines, int(line), int(column)))
        return None

    def _place(self, specifier: str, line: str, column: str) -> str:
        file = self.files.get(specifier)
        name = specifier.removeprefix("worker:/") if file is None else _shown(file)
        return f"{name}:{line}:{column}"


def _shown(file: Path) -> str:
    relative = os.path.relpath(file)
    return str(file) if relative.startswith("..") else relative


def _around(lines: list[str], line: int, column: int) -> list[SourceLine]:
    first = max(1, line - CONTEXT)
    last = min(len(lines), line + CONTEXT)
    # A long line is cut so that the column stays in view; its neighbours are cut alike.
    start = max(0, column - 1 - MAX_WIDTH // 2) if len(lines[line - 1]) > MAX_WIDTH else 0
    return [
        SourceLine(
            number=number,
            text=lines[number - 1][start : start + MAX_WIDTH].replace("\t", " "),
            marked=max(0, column - 1 - start) if number == line else None,
        )
        for number in range(first, last + 1)
    ]
