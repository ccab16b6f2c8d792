"""Runs the Workers of globals/, which test themselves: a test for each of theirs."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from running import Run, eventually

HERE = Path(__file__).parent / "globals"
TESTS = [
    (path.stem, name)
    for path in sorted(HERE.glob("*.js"))
    for name in re.findall(r"^  (?:async )?(\w+)\([\w, ]*\) \{$", path.read_text(), re.MULTILINE)
    if path.stem != "testing"
]


@pytest.mark.parametrize(("worker", "name"), TESTS)
async def test_globals(run: Run, worker: str, name: str) -> None:
    running = await run(HERE / f"{worker}.js")
    assert await running.json() == [other for stem, other in TESTS if stem == worker]
    assert await running.text(f"/{name}") == "ok"


async def test_exceptions_are_logged_unless_a_listener_prevents_it(run: Run) -> None:
    running = await run(HERE / "events.js")
    assert await running.text("/whatCanBeKeptOutOfTheLog") == "ok"
    assert await eventually(lambda: "Uncaught as a text" in running.logged)
    assert any("Error: to be heard" in line for line in running.logged)
    assert not any("must not be heard" in line for line in running.logged)


async def test_what_an_error_listener_throws_is_logged(run: Run) -> None:
    running = await run(HERE / "events.js")
    assert await running.text("/anErrorListenerThatThrows") == "ok"
    assert await eventually(lambda: len(running.logged) >= 3)
    assert any("Error: reported to it" in line for line in running.logged)
    assert any("Error: thrown by a listener" in line for line in running.logged)
