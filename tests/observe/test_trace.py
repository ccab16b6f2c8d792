"""W3C Trace Context, as callers send it."""

from __future__ import annotations

import pytest

from edgewright.observe.trace_context import parse_traceparent

TRACE, PARENT = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"


def test_a_valid_header_is_read() -> None:
    known = parse_traceparent(["traceparent", f"00-{TRACE}-{PARENT}-01"])
    assert known == (int(TRACE, 16), int(PARENT, 16), True)


def test_other_flags_are_not_the_sampled_one() -> None:
    known = parse_traceparent(["traceparent", f"00-{TRACE}-{PARENT}-02"])
    assert known is not None
    assert known[2] is False


def test_a_later_version_may_say_more() -> None:
    assert parse_traceparent(["traceparent", f"01-{TRACE}-{PARENT}-01-what"]) is not None


@pytest.mark.parametrize(
    "value",
    [
        "",
        f"00-{TRACE}-{PARENT}",
        f"00-{TRACE}-{PARENT}-01-more",
        f"00-{TRACE.upper()}-{PARENT}-01",
        f"00-{'0' * 32}-{PARENT}-01",
        f"00-{TRACE}-{'0' * 16}-01",
        f"ff-{TRACE}-{PARENT}-01",
        f"00-{TRACE}-{PARENT}-01\r\nx: y",
    ],
)
def test_what_is_no_traceparent_is_none(value: str) -> None:
    assert parse_traceparent(["traceparent", value]) is None


def test_two_are_none() -> None:
    value = f"00-{TRACE}-{PARENT}-01"
    assert parse_traceparent(["traceparent", value, "traceparent", value]) is None
