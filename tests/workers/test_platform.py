"""Runs the tests of platform.js, which are in the words of a Worker."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from running import Run

WORKER = Path(__file__).parent / "platform.js"
NAMES = re.findall(r"^  (?:async )?(\w+)\(\) \{$", WORKER.read_text(), re.MULTILINE)


@pytest.mark.parametrize("name", NAMES)
async def test_platform(run: Run, name: str) -> None:
    running = await run(WORKER)
    assert await running.json() == NAMES
    assert await running.text(f"/{name}") == "ok"
