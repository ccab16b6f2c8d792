"""Runs the tests in standards/, which are in the words of a Worker."""

from __future__ import annotations

from pathlib import Path

import pytest
from running import Run

STANDARDS = Path(__file__).parent / "standards"
NAMES = sorted(file.stem for file in STANDARDS.glob("*.js") if file.stem != "harness")


@pytest.mark.parametrize("name", NAMES)
async def test_standard(run: Run, name: str) -> None:
    running = await run(STANDARDS / f"{name}.js", limits={"cpu_ms": 5000})
    tests = await running.json()
    assert len(tests) > 1
    assert {test: await running.text(f"/{test}") for test in tests} == dict.fromkeys(tests, "ok")
