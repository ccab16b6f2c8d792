"""What the page believes to be told (shapes.d.ts) is what the admin port tells."""

from __future__ import annotations

import re
from pathlib import Path

import msgspec
import pytest

import edgewright.admin
from edgewright.admin import api
from edgewright.observe import views
from edgewright.observe.records import Outcome

STATIC = Path(edgewright.admin.__file__).parent / "static"
STRUCTS = (
    api.Quantiles,
    api.Series,
    api.WorkerOverview,
    api.NodeOverview,
    api.Overview,
    api.RequestPage,
    views.RequestSummary,
    views.SpanView,
    views.AdviceView,
    views.LogView,
    views.ExceptionView,
    views.RequestDetail,
)


@pytest.mark.parametrize("struct", STRUCTS, ids=lambda struct: struct.__name__)
def test_the_pages_shapes_are_the_apis(struct: type[msgspec.Struct]) -> None:
    found = re.search(
        rf"interface {struct.__name__} {{\n(.*?)\n}}",
        (STATIC / "shapes.d.ts").read_text(),
        re.DOTALL,
    )
    assert found, f"shapes.d.ts has no {struct.__name__}"
    known = re.findall(r"^  (\w+): ", found[1], re.MULTILINE)
    assert known == list(struct.__struct_fields__)


def test_the_list_can_be_filtered_by_every_outcome() -> None:
    found = re.search(
        r"const OUTCOMES = \[(.*?)\]", (STATIC / "requests.js").read_text(), re.DOTALL
    )
    assert found
    assert re.findall(r'"(\w+)"', found[1]) == [outcome.value for outcome in Outcome]


def test_nothing_comes_from_elsewhere() -> None:
    """The page works without the internet, and its policy allows no more."""
    for path in STATIC.iterdir():
        for address in re.findall(r"(?:https?:)?//[\w.-]+\.\w+", path.read_text()):
            assert address == "http://www.w3.org", path
