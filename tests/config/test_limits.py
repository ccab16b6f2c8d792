"""The limits: what they are called, how they are configured and capped."""

from __future__ import annotations

import re
from pathlib import Path

import msgspec
import pytest

from edgewright.config.limits import LIMIT_NAMES, UNLIMITED, LimitError, Limits

DOCS = Path(__file__).parents[2] / "docs" / "limits.md"


def test_the_documentation_lists_every_limit() -> None:
    listed = re.findall(r"^\| `(\w+)` \|", DOCS.read_text(), re.MULTILINE)
    assert listed == [name for name in listed if name in LIMIT_NAMES]
    assert sorted(listed) == sorted(LIMIT_NAMES)


def test_the_documentation_tells_the_defaults() -> None:
    units = {"ms": 1, "s": 1000, "KB": 1, "MB": 1, "MiB": 1, "": 1}
    rows = re.findall(r"^\| `(\w+)` \|[^|]*\| ([\d,]+) ?(\w*) \|", DOCS.read_text(), re.MULTILINE)
    told = {name: int(number.replace(",", "")) * units[unit] for name, number, unit in rows}
    assert told == msgspec.to_builtins(Limits())


def test_what_is_not_said_is_the_default() -> None:
    assert Limits.of({"cpu_ms": 200}) == Limits(cpu_ms=200)
    assert Limits.of({"log_kb": 1}, default=Limits(cpu_ms=7)) == Limits(cpu_ms=7, log_kb=1)


@pytest.mark.parametrize("value", [0, -1, 1.5, True, "50", None, 2**50])
def test_a_limit_is_a_whole_number_above_0(value: object) -> None:
    with pytest.raises(LimitError, match="cpu_ms must be a whole number above 0"):
        Limits.of({"cpu_ms": value})


def test_an_unknown_limit_is_refused_and_the_known_ones_are_named() -> None:
    with pytest.raises(LimitError, match="there is no limit 'cpu'; there are cpu_ms, wall_ms"):
        Limits.of({"cpu": 50})


def test_none_is_above_its_cap() -> None:
    most = Limits.of({"cpu_ms": 100}, default=UNLIMITED)
    assert Limits(cpu_ms=500, subrequests=9000).capped(most) == Limits(cpu_ms=100, subrequests=9000)
    assert Limits(cpu_ms=20).capped(most) == Limits(cpu_ms=20)
    assert Limits(cpu_ms=500).capped(None) == Limits(cpu_ms=500)
