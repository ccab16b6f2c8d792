from __future__ import annotations

import io
import re
from pathlib import Path

import pytest

from edgewright.observe.records import LogLine, Outcome, RequestRecord, WorkerError
from edgewright.observe.stack import Sources
from edgewright.observe.terminal import DevTerminal, ServeTerminal, one_line, printable


class Tty(io.StringIO):
    def isatty(self) -> bool:
        return True


def record(**changes: object) -> RequestRecord:
    values: dict[str, object] = {
        "worker": "hello",
        "method": "GET",
        "url": "http://example.com/path?x=1",
        "status": 200,
        "outcome": Outcome.OK,
        "wall_ms": 4.21,
        "cpu_ms": 0.84,
        "subrequests": 3,
    }
    return RequestRecord(**{**values, **changes})  # type: ignore[arg-type]


ERROR = WorkerError(
    "TypeError", "boom", "TypeError: boom\n    at Object.fetch (worker:/index.js:2:9)"
)


def dev() -> tuple[DevTerminal, io.StringIO]:
    stream = io.StringIO()
    terminal = DevTerminal(stream)
    terminal.sources = Sources(
        {"worker:/index.js": "fetch() {\n  throw new TypeError('boom');\n}"},
        {"worker:/index.js": Path.cwd() / "index.js"},
    )
    return terminal, stream


def test_dev_request_line() -> None:
    terminal, stream = dev()
    terminal.request_finished(record())
    assert re.fullmatch(
        r"\d\d:\d\d:\d\d GET /path\?x=1 200 4\.2 ms \(cpu 0\.8 ms, 3 subrequests\)\n",
        stream.getvalue(),
    )


@pytest.mark.parametrize(("count", "text"), [(0, "0.8 ms)"), (1, ", 1 subrequest)")])
def test_dev_counts_subrequests(count: int, text: str) -> None:
    terminal, stream = dev()
    terminal.request_finished(record(subrequests=count))
    assert stream.getvalue().endswith(text + "\n")


def test_dev_tells_other_outcomes() -> None:
    terminal, stream = dev()
    terminal.request_finished(record(status=0, outcome=Outcome.CANCELED))
    assert " - 4.2 ms" in stream.getvalue()
    assert stream.getvalue().endswith(" canceled\n")


def test_dev_exception_points_into_the_source() -> None:
    terminal, stream = dev()
    terminal.request_finished(record(status=500, outcome=Outcome.EXCEPTION, error=ERROR))
    lines = stream.getvalue().splitlines()
    assert lines[0] == "TypeError: boom"
    assert lines[1] == "  index.js:2:9"
    at = next(number for number, line in enumerate(lines) if "throw new TypeError" in line)
    assert lines[at].index("new TypeError") == lines[at + 1].index("^")
    assert "    at Object.fetch (index.js:2:9)" in lines
    assert "GET /path?x=1 500" in lines[-1]


def test_dev_console_lines_show_their_level() -> None:
    terminal, stream = dev()
    terminal.logged(LogLine("hello", "log", "plain\nsecond"))
    terminal.logged(LogLine("hello", "warn", "careful at worker:/index.js:1:2"))
    assert stream.getvalue() == "plain\n  second\n[warn] careful at index.js:1:2\n"


def test_colour_only_on_a_terminal_without_no_color(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    coloured, plain = Tty(), Tty()
    DevTerminal(coloured).request_finished(record())
    monkeypatch.setenv("NO_COLOR", "1")
    DevTerminal(plain).request_finished(record())
    assert "\x1b[32m200\x1b[0m" in coloured.getvalue()
    assert "\x1b" not in plain.getvalue()


def test_colours_that_a_worker_logs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    line = LogLine("w", "log", "\x1b[1;32mgreen\x1b[0m \x1b[2Jcleared \x1b[31mred")
    coloured, plain, serve = Tty(), io.StringIO(), io.StringIO()
    DevTerminal(coloured).logged(line)
    DevTerminal(plain).logged(line)
    ServeTerminal(serve).logged(line)
    shown = "\x1b[1;32mgreen\x1b[0m \\x1b[2Jcleared \x1b[31mred\x1b[0m\n"
    assert coloured.getvalue() == shown
    assert plain.getvalue() == "green \\x1b[2Jcleared red\n"
    assert serve.getvalue().endswith("log: green \\x1b[2Jcleared red\n")


EVIL = "\x1b]0;owned\x07\x9b2J\r\u202egnp\u2028\x00\x7f\ud800"


def test_nothing_reaches_the_terminal_unescaped() -> None:
    error = WorkerError("Error" + EVIL, EVIL, f"Error: {EVIL}\n  at worker:/index.js:1:1")
    evil = record(
        url="http://h/" + EVIL, method="GET" + EVIL, outcome=Outcome.EXCEPTION, error=error
    )
    for terminal_class in (DevTerminal, ServeTerminal):
        stream = io.StringIO()
        terminal = terminal_class(stream)
        if isinstance(terminal, DevTerminal):
            terminal.sources = Sources({"worker:/index.js": EVIL})
        terminal.request_finished(evil)
        terminal.logged(LogLine("w", "log", EVIL))
        assert not set(EVIL) - set("]0;owned2Jgnp") & set(stream.getvalue())
        stream.getvalue().encode()


def test_escapes() -> None:
    assert printable("a\tb\nc\x1b") == "a\tb\nc\\x1b"
    assert one_line("a\nb\u2028") == "a\\nb\\u2028"


def test_serve_says_nothing_about_a_request_that_went_well() -> None:
    stream = io.StringIO()
    ServeTerminal(stream).request_finished(record())
    ServeTerminal(stream).request_finished(record(outcome=Outcome.CANCELED))
    assert stream.getvalue() == ""


def test_serve_gives_one_line_to_an_exception_and_to_a_log() -> None:
    stream = io.StringIO()
    terminal = ServeTerminal(stream)
    terminal.request_finished(record(status=500, outcome=Outcome.EXCEPTION, error=ERROR))
    terminal.logged(LogLine("hello", "error", "two\nlines"))
    lines = stream.getvalue().splitlines()
    assert len(lines) == 2
    assert lines[0].endswith(
        "[hello] exception GET /path?x=1: "
        "TypeError: boom\\n    at Object.fetch (worker:/index.js:2:9)"
    )
    assert lines[1].endswith("[hello] error: two\\nlines")


def test_a_stream_that_is_gone_is_no_reason_to_fail() -> None:
    stream = io.StringIO()
    stream.close()
    ServeTerminal(stream).logged(LogLine("hello", "log", "x"))
