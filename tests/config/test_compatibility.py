"""Which compatibility flags are on."""

from __future__ import annotations

from pathlib import Path

import pytest

from edgewright.config.compatibility import FLAGS, Flag, active_flags, flag_warnings

DOCUMENT = Path(__file__).parents[2] / "docs" / "compatibility.md"


@pytest.mark.parametrize(
    ("date", "named", "on"),
    [
        (None, [], True),
        ("2026-08-04", [], True),
        ("2026-08-03", [], False),
        ("2024-01-01", ["nodejs_compat"], True),
        ("2026-11-01", ["no_nodejs_compat"], False),
        ("2024-01-01", ["nodejs_compat_v2"], True),
    ],
)
def test_a_flag_is_on_from_its_date_or_when_it_is_named(
    date: str | None, named: list[str], on: bool
) -> None:
    assert ("nodejs_compat" in active_flags(date, named)) is on


@pytest.mark.parametrize(
    ("date", "named", "on"),
    [
        ("2024-09-22", ["nodejs_compat"], False),
        ("2024-09-23", ["nodejs_compat"], True),
        ("2024-09-23", [], False),
        ("2024-09-23", ["nodejs_compat", "no_nodejs_compat_v2"], False),
    ],
)
def test_a_flag_may_imply_another_from_a_date_on(date: str, named: list[str], on: bool) -> None:
    assert ("nodejs_compat_v2" in active_flags(date, named)) is on


@pytest.mark.parametrize(
    ("named", "warnings"),
    [
        (["nodejs_compat", "no_nodejs_als"], []),
        (["url_standard"], ['the compatibility flag "url_standard" has no effect here.']),
        (
            ["nodejs_compta"],
            ['the compatibility flag "nodejs_compta" has no effect; did you mean "nodejs_compat"?'],
        ),
        (
            ["nodejs_als", "no_nodejs_als"],
            ['the compatibility flags "nodejs_als" and "no_nodejs_als" contradict.'],
        ),
    ],
)
def test_flags_that_do_nothing_are_warned_of(named: list[str], warnings: list[str]) -> None:
    assert flag_warnings(named) == warnings


@pytest.mark.parametrize("flag", FLAGS, ids=lambda flag: flag.on)
def test_every_flag_is_documented(flag: Flag) -> None:
    text = DOCUMENT.read_text()
    row = next((line for line in text.split("\n") if line.startswith(f"| `{flag.on}` |")), "")
    assert f"`{flag.off}`" in row
    assert flag.date in row
    assert flag.implied_from in row
    assert flag.what in row
