"""The observer that writes to a terminal: readable in dev, one line per event in serve.

Text that came from a Worker or a client never reaches the terminal as it is: control characters
could move the cursor, forge lines of the log or drive the terminal itself. The colours of what a
Worker logs are let through in dev, where the terminal has any, and left out elsewhere.
"""

from __future__ import annotations

import os
import re
import sys
from datetime import datetime
from typing import TextIO

from edgewright.observe.advice import advice
from edgewright.observe.records import LogLine, Outcome, RequestRecord, WorkerError
from edgewright.observe.stack import Sources
from edgewright.observe.trace import Trace
from edgewright.observe.waterfall import waterfall

# C0 but tab and newline, DEL, C1; line and paragraph separators; what reorders text; what UTF-8
# cannot carry.
_UNSAFE = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]"
)

_COLOUR = re.compile(r"(\x1b\[[\d;]*m)")
"""Select graphic rendition (ECMA-48 §8.3.117): colours and styles, all that loggers make use of."""

_COLOURS = {"dim": "2", "bold": "1", "red": "31", "green": "32", "yellow": "33", "cyan": "36"}
_LEVELS = {"debug": "dim", "info": "cyan", "log": "", "warn": "yellow", "error": "red"}


def printable(text: str) -> str:
    """`text` with every control character but tab and newline written as an escape."""
    return _UNSAFE.sub(lambda found: _escape(found[0]), text)


def one_line(text: str) -> str:
    """Like printable, and newlines are escapes as well."""
    return printable(text).replace("\n", "\\n")


def without_colours(text: str) -> str:
    return _COLOUR.sub("", text)


def _in_colours(text: str) -> str:
    """Like printable, but colours stay; they end where the text does."""
    parts = _COLOUR.split(text)
    shown = [part if at % 2 else printable(part) for at, part in enumerate(parts)]
    return "".join(shown) + ("\x1b[0m" if len(parts) > 1 else "")


def _escape(character: str) -> str:
    code = ord(character)
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}"


def wants_colour(stream: TextIO) -> bool:
    """On a terminal, unless NO_COLOR (https://no-color.org) says otherwise."""
    return stream.isatty() and not os.environ.get("NO_COLOR")


class Painter:
    """Colours, or none."""

    def __init__(self, enabled: bool) -> None:
        self._enabled = enabled

    def __call__(self, style: str, text: str) -> str:
        code = _COLOURS.get(style)
        return f"\x1b[{code}m{text}\x1b[0m" if self._enabled and code else text

    def logged(self, text: str) -> str:
        """What a Worker logs, in colours of its own."""
        return _in_colours(text) if self._enabled else printable(without_colours(text))


class DevTerminal:
    """For the developer: every request, console.* as it comes, exceptions with their source."""

    def __init__(self, stream: TextIO | None = None) -> None:
        self._stream = stream or sys.stderr
        self._paint = Painter(wants_colour(self._stream))
        self.sources = Sources()
        """Of the version that is being served; set it anew with each."""

    def request_finished(self, record: RequestRecord) -> None:
        paint = self._paint
        if record.error is not None:
            self._write(self._exception(record.error))
        extra = f"cpu {record.cpu_ms:.1f} ms"
        if record.subrequests:
            extra += f", {record.subrequests} subrequest{'s' if record.subrequests > 1 else ''}"
        line = (
            f"{paint('dim', _clock())} {one_line(record.method)} {one_line(_path(record.url))} "
            f"{self._status(record)} {record.wall_ms:.1f} ms {paint('dim', f'({extra})')}"
        )
        if record.outcome not in (Outcome.OK, Outcome.EXCEPTION):
            line += f" {paint('yellow', record.outcome)}"
        self._write("\n".join([line, *self._waterfall(record.trace), *self._advice(record.trace)]))

    def logged(self, line: LogLine) -> None:
        text = self.sources.locate(self._paint.logged(line.message)).replace("\n", "\n  ")
        style = _LEVELS.get(line.level, "")
        level = "" if line.level == "log" else self._paint(style, f"[{one_line(line.level)}] ")
        self._write(f"{level}{text}")

    def message(self, text: str) -> None:
        """Edgewright's own words; may have several lines."""
        self._write(f"{self._paint('dim', _clock())} {printable(text)}")

    def _waterfall(self, trace: Trace | None) -> list[str]:
        if trace is None or trace.called_here:  # which the caller's shows
            return []
        return waterfall(trace, width=terminal_width(self._stream), paint=self._paint)

    def _advice(self, trace: Trace | None) -> list[str]:
        lines: list[str] = []
        for found in advice(trace) if trace is not None else []:
            places = self.sources.locate(one_line(", ".join(found.at)))
            lines.append(f"  {self._paint('yellow', '!')} {one_line(found.text)}")
            if places:
                lines.append(f"    {self._paint('bold', places)}")
        return lines

    def _status(self, record: RequestRecord) -> str:
        if record.status == 0:
            return self._paint("yellow", "-")
        style = "green" if record.status < 400 else "yellow" if record.status < 500 else "red"
        return self._paint(style, str(record.status))

    def _exception(self, error: WorkerError) -> str:
        paint = self._paint
        title = f"{error.name}: {error.message}"
        frames = error.stack.removeprefix(title).lstrip("\n") if error.stack else ""
        parts = [paint("red", printable(title))]
        excerpt = self.sources.excerpt(error.stack)
        if excerpt is not None:
            parts.append(f"  {paint('bold', one_line(excerpt.place))}")
            for line in excerpt.lines:
                parts.append(f"  {paint('dim', f'{line.number:>5} |')} {one_line(line.text)}")
                if line.marked is not None:
                    # Escapes make the line longer than the source: count what is shown.
                    indent = " " * len(one_line(line.text[: line.marked]))
                    parts.append(f"  {paint('dim', '      |')} {indent}{paint('red', '^')}")
        if frames:
            parts.append(printable(self.sources.locate(frames)))
        return "\n".join(parts)

    def _write(self, text: str) -> None:
        _write(self._stream, text)


class ServeTerminal:
    """For the log of a service: a line per exception and per console.*, none per request."""

    def __init__(self, stream: TextIO | None = None) -> None:
        self._stream = stream or sys.stderr

    def request_finished(self, record: RequestRecord) -> None:
        # (A line for each request that there were too many of would itself be too many.)
        if record.outcome in (Outcome.OK, Outcome.CANCELED, Outcome.RATE_LIMITED):
            return
        line = f"{_stamp()} [{one_line(record.worker)}] {record.outcome} "
        line += f"{one_line(record.method)} {one_line(_path(record.url))}"
        if record.ray:
            line += f" (ray {record.ray})"
        if record.error is not None:
            stack = record.error.stack or f"{record.error.name}: {record.error.message}"
            line += f": {one_line(stack)}"
        _write(self._stream, line)

    def logged(self, line: LogLine) -> None:
        origin = f"[{one_line(line.worker)}] {one_line(line.level)}"
        _write(self._stream, f"{_stamp()} {origin}: {one_line(without_colours(line.message))}")


def _write(stream: TextIO, text: str) -> None:
    try:
        stream.write(text + "\n")
        stream.flush()
    except (OSError, ValueError):
        # The terminal is gone or what reads the log is; requests go on without.
        return


def terminal_width(stream: TextIO) -> int:
    """Of the terminal, or what is read well where there is none."""
    try:
        return min(os.get_terminal_size(stream.fileno()).columns, 160)
    except (OSError, ValueError):
        return 110


def _path(url: str) -> str:
    """Path and query. No parser: what a client sends may be no URL, and is shown all the same."""
    _, _, rest = url.partition("://")
    _, slash, path = rest.partition("/")
    return slash + path if slash else url


def _clock() -> str:
    return datetime.now().strftime("%H:%M:%S")


def _stamp() -> str:
    return datetime.now().astimezone().isoformat(timespec="milliseconds")
