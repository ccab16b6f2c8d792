"""A request's spans as bars on a terminal, all on one scale.

A bar begins and ends at the cell that its time falls into. What takes less than half a cell is not
made larger: it is one thin mark. In a subrequest's bar, what it waited for before it was sent (one
of the request's connections, or a new one) is `·`, the wait for the response `░`, and its body `▓`.
All turns of a request are one row, as most are short.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Protocol

from edgewright.observe.spans import Span, short_url, spans_of
from edgewright.observe.trace import Trace

MOST_ROWS = 60
"""More are counted and left out."""

_LABEL = 32
_LEAST_BAR = 20
_FIGURES = 24
"""Cells for a bar's numbers."""

_PARTS = {"queued": "·", "dns": "·", "connect": "·", "tls": "·", "wait": "░", "body": "▓"}
_STYLES = {"cold": "yellow", "queue": "yellow", "waitUntil": "dim"}
_WORTH_A_ROW = 0.0001
"""Seconds of a queue."""


class Paint(Protocol):
    def __call__(self, style: str, text: str) -> str: ...


@dataclass(slots=True)
class _Row:
    depth: int
    label: str
    figures: str
    style: str
    bars: list[tuple[str, float, float]] = field(default_factory=list[tuple[str, float, float]])
    """What is drawn, from when to when; later ones over earlier ones."""


def waterfall(trace: Trace, *, width: int, paint: Paint, indent: str = "  ") -> list[str]:
    """The lines of it; none for a request of which there is nothing to show but its turns."""
    return drawn(spans_of(trace), width=width, paint=paint, indent=indent)


def drawn(
    root: Span, *, width: int, paint: Paint, indent: str = "  ", all: bool = False
) -> list[str]:
    """The same for a request's span. With `all`, there are lines where there is nothing but turns,
    too."""
    rows = list(_rows_of_request(root, 0))
    if len(rows) <= 1 and not all:
        return []
    room = width - len(indent) - _LABEL - _FIGURES - 2
    end = max(root.end, *(bar[2] for row in rows for bar in row.bars))
    scale = _Scale(root.start, end, max(room, _LEAST_BAR))
    lines = [f"{indent}{_drawn(row, scale, paint)}" for row in rows[:MOST_ROWS]]
    if len(rows) > MOST_ROWS:
        lines.append(f"{indent}{paint('dim', f'… and {len(rows) - MOST_ROWS} more')}")
    return lines


def _rows_of_request(request: Span, depth: int) -> Iterator[_Row]:
    turns = [span for span in request.children if span.kind == "turn"]
    worker = request.attributes["worker"]
    label = f"{worker}, {len(turns)} turn{'' if len(turns) == 1 else 's'}"
    row = _Row(depth, label, f"cpu {request.attributes['cpu_ms']:.1f} ms", "green")
    row.bars = [("█", turn.start, turn.end) for turn in turns]
    yield row
    for span in request.children:
        if span.kind == "turn" or (span.kind == "queue" and span.end - span.start < _WORTH_A_ROW):
            continue
        style = "red" if span.error else _STYLES.get(span.kind, "cyan")
        row = _Row(depth, _label(span), _figures(span), style)
        row.bars.append(("█" if span.kind == "cold" else "░", span.start, span.end))
        for part in span.children:
            if part.kind in _PARTS:
                row.bars.append((_PARTS[part.kind], part.start, part.end))
        yield row
        for part in span.children:
            if part.kind == "request":
                yield from _rows_of_request(part, depth + 1)


class _Scale:
    def __init__(self, start: float, end: float, cells: int) -> None:
        self._start = start
        self._per_second = cells / max(end - start, 1e-9)
        self.cells = cells

    def cell(self, time: float) -> int:
        return min(max(int((time - self._start) * self._per_second), 0), self.cells - 1)

    def is_thin(self, start: float, end: float) -> bool:
        return (end - start) * self._per_second < 0.5


def _drawn(row: _Row, scale: _Scale, paint: Paint) -> str:
    cells = [" "] * scale.cells
    for number, (mark, start, end) in enumerate(row.bars):
        first, last = scale.cell(start), scale.cell(end)
        if not scale.is_thin(start, end):
            cells[first : last + 1] = mark * (last + 1 - first)
        elif number == 0 or mark == "█":  # parts of a bar are left out instead
            cells[first] = "▏" if cells[first] == " " else cells[first]
    bar = paint(row.style, "".join(cells))
    return f"{_fit('  ' * row.depth + row.label, _LABEL)} {bar} {paint('dim', row.figures)}"


def _label(span: Span) -> str:
    match span.kind:
        case "fetch":
            return f"{span.attributes['method']} {short_url(str(span.attributes['url']))}"
        case "service":
            return f"{span.attributes['service']} {span.attributes['method']}"
        case "op":
            return f"{span.name} {span.attributes.get('detail', '')}".rstrip()
        case _:
            return span.name


def _figures(span: Span) -> str:
    text = f"{span.milliseconds:.1f} ms"
    if "status" in span.attributes:
        text += f", {span.attributes['status']}"
        if "cache" in span.attributes:
            text += f" {span.attributes['cache']}"
    elif "result" in span.attributes:
        text += f", {span.attributes['result']}"
    elif span.error:
        text += ", failed"
    if span.attributes.get("floating"):
        text += ", given up"
    return text


def _fit(text: str, width: int) -> str:
    text = "".join(c if c.isprintable() else "?" for c in text)
    return text.ljust(width) if len(text) <= width else f"{text[: width - 1]}…"
