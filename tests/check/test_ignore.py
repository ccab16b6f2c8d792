"""Comments that take findings back."""

from __future__ import annotations

import pytest

from tests.support.checking import brief


def worker(before: str = "", behind: str = "") -> str:
    return f"export default {{ async fetch() {{\n{before}\nfetch('https://a/');{behind}\n}} }};"


@pytest.mark.parametrize(
    "source",
    [
        worker(behind=" // edgewright-ignore floating"),
        worker("  // edgewright-ignore floating, shared-state because it is only a ping"),
        worker("/* edgewright-ignore: floating */"),
    ],
)
def test_a_finding_that_is_taken_back(source: str) -> None:
    assert brief(source) == []


@pytest.mark.parametrize(
    "source",
    [
        worker(behind=" // edgewright-ignore sequential"),
        worker("  // edgewright-ignore floating\n"),
        worker("  x(); // edgewright-ignore floating"),
    ],
)
def test_a_comment_for_something_else(source: str) -> None:
    assert [each.partition(" ")[2] for each in brief(source)] == ["floating"]


def test_a_rule_that_there_is_not() -> None:
    source = worker(behind=" // edgewright-ignore flaoting")
    assert brief(source) == ["3 floating", "3 ignore"]
