"""The source line with a caret below it."""

from __future__ import annotations

import pytest

from edgewright.excerpt import source_excerpt


def test_the_caret_stands_below_the_column() -> None:
    assert source_excerpt("a\nb = ;\n", 2, 5) == "   2 | b = ;\n     |     ^"


@pytest.mark.parametrize("line", [0, 3])
def test_a_line_that_is_not_there_gives_nothing(line: int) -> None:
    assert source_excerpt("a\nb", line, 1) == ""


def test_a_column_past_the_end_points_behind_the_line() -> None:
    assert source_excerpt("ab\r\n", 1, 99) == "   1 | ab\n     |   ^"


def test_tabs_and_wide_characters_keep_the_caret_in_place() -> None:
    assert source_excerpt("\t語x", 1, 3) == "   1 | \t語x\n     | \t  ^"


def test_of_a_long_line_the_part_around_the_column_is_shown() -> None:
    text, caret = source_excerpt("." * 5000 + "X" + "." * 5000, 1, 5001).split("\n")
    assert len(text) < 110
    assert text[caret.index("^")] == "X"
