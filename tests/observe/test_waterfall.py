"""Bars on a terminal."""

from __future__ import annotations

from edgewright.config.limits import Limits
from edgewright.messages import Request
from edgewright.observe.trace import OpTrace, Trace
from edgewright.observe.waterfall import MOST_ROWS, waterfall


def plain(_style: str, text: str) -> str:
    return text


def trace(**fetches: tuple[float, float, float]) -> Trace:
    """One second; each fetch with when it was asked for, its first byte and its end."""
    made = Trace("w", Request("GET", "http://w/", []), Limits(), 1, 0, sampled=True, watched=False)
    made.began = 100.0
    made.ended = 101.0
    made.turns = [(100.0, 100.1, 5e6, 1), (100.9, 101.0, 7e6, 1)]
    for op, (name, (asked, first_byte, ended)) in enumerate(fetches.items()):
        note = made.fetch(op, "GET", f"http://up/{name}?secret=1", [], None)
        note.asked = note.started = note.sent = 100 + asked
        note.first_byte = note.settled = 100 + first_byte
        note.ended = 100 + ended
        note.status = 200
    return made


def test_bars_lie_where_their_times_do() -> None:
    lines = waterfall(trace(a=(0.1, 0.4, 0.5), b=(0.5, 0.9, 0.9)), width=80, paint=plain)
    assert lines == [
        "  w, 2 turns                       ██                ██ cpu 12.0 ms",
        "  GET up/a                          ░░░░░░░▓▓▓          400.0 ms, 200",
        "  GET up/b                                   ░░░░░░░░░  400.0 ms, 200",
    ]


def test_what_is_short_is_not_drawn_longer() -> None:
    lines = waterfall(trace(a=(0.5, 0.5, 0.5001)), width=100, paint=plain)
    assert lines[1].count("▏") == 1
    assert "░" not in lines[1]


def test_a_request_without_effects_has_no_waterfall() -> None:
    assert waterfall(trace(), width=100, paint=plain) == []


def test_what_is_in_a_url_can_not_drive_the_terminal() -> None:
    made = trace(a=(0, 0.1, 0.2))
    made.fetches[0].url = "http://up/\x1b[2J\u202e/\n"
    text = "\n".join(waterfall(made, width=100, paint=plain))
    assert "\x1b" not in text
    assert "\u202e" not in text
    assert text.count("\n") == 1


def test_many_rows_are_counted() -> None:
    made = trace()
    for op in range(MOST_ROWS + 10):
        made.ops[op] = OpTrace("timer", "")
        made.ops[op].asked, made.ops[op].settled = 100.0, 100.5
    lines = waterfall(made, width=100, paint=plain)
    assert len(lines) == MOST_ROWS + 1
    assert lines[-1].strip() == "… and 11 more"
