"""How the reason why V8 did not start a Worker is told."""

from __future__ import annotations

from pathlib import Path

import pytest

from edgewright.build import WorkerBundle, format_load_error
from edgewright.protocol.messages import LoadError

INDEX = "worker:/src/index.js"


@pytest.fixture
def bundle(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> WorkerBundle:
    monkeypatch.chdir(tmp_path)
    source = 'const a = 1;\nconst b = ;\nconst c = "😀" + d;\n'
    return WorkerBundle("w", INDEX, {INDEX: source}, files={INDEX: tmp_path / "src/index.js"})


def test_a_syntax_error_is_shown_in_the_file(bundle: WorkerBundle) -> None:
    error = LoadError("SyntaxError", "Unexpected token ';'", "", INDEX, 2, 11)
    assert format_load_error(bundle, error) == (
        "src/index.js:2:11: SyntaxError: Unexpected token ';'\n"
        "   2 | const b = ;\n"
        "     |           ^"
    )


def test_the_column_is_the_one_that_a_person_counts(bundle: WorkerBundle) -> None:
    error = LoadError("ReferenceError", "d is not defined", "", INDEX, 3, 18)
    assert format_load_error(bundle, error).startswith("src/index.js:3:17: ReferenceError")


def test_the_way_to_the_throw_is_told_without_the_runtime_layer(bundle: WorkerBundle) -> None:
    stack = f"Error: no\n    at f ({INDEX}:2:1)\n    at {INDEX}:1:1\n    at edgewright:entry:1:9"
    message = format_load_error(bundle, LoadError("Error", "no", stack, INDEX, 2, 1))
    assert message.endswith("\n    at f (src/index.js:2:1)\n    at src/index.js:1:1")


def test_an_error_without_a_place_names_the_worker(bundle: WorkerBundle) -> None:
    error = LoadError("RangeError", "The Worker ran out of memory while starting.")
    assert format_load_error(bundle, error) == (
        "w: RangeError: The Worker ran out of memory while starting."
    )
