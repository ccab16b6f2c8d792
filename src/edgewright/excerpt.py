"""Shows a person the place in a source that a message is about."""

from __future__ import annotations

import unicodedata
from pathlib import Path

_WIDTH = 96
"""Columns of source that are shown: of a longer (minified) line, the part around the place."""


def source_excerpt(source: str, line: int, column: int) -> str:
    r"""The line and, below it, a caret at the column; both positions are 1-based.

    Empty when the source has no such line. A column past the end points just behind the line.

    >>> print(source_excerpt("a = 1;\nb = ;\n", 2, 5))
       2 | b = ;
         |     ^
    """
    lines = source.split("\n")
    if not 1 <= line <= len(lines):
        return ""
    text = lines[line - 1].rstrip("\r")
    offset = min(max(column - 1, 0), len(text))
    if len(text) > _WIDTH:
        start = max(0, min(offset - _WIDTH // 2, len(text) - _WIDTH))
        text, offset = text[start : start + _WIDTH], offset - start
    # A tab in the padding is as wide as the tab above it, whatever the terminal makes of tabs.
    padding = "".join("\t" if c == "\t" else " " * _columns(c) for c in text[:offset])
    return f"{line:4} | {text}\n     | {padding}^"


def display_path(path: Path) -> str:
    """The path as a person at this working directory would write it."""
    try:
        return str(path.relative_to(Path.cwd()))
    except ValueError:
        return str(path)


def _columns(character: str) -> int:
    """Columns of a terminal that the character takes."""
    if unicodedata.combining(character):
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1
