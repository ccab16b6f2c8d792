"""The modules of Node.js: what Workers use most of each."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from running import Run

FOLDER = Path(__file__).parent / "node"
FILES = sorted(path.stem for path in FOLDER.glob("*.js") if path.stem != "harness")
TEST = re.compile(r"^  (?:async )?(\w+)\([^)]*\) \{$", re.MULTILINE)
VARIABLES = {"TEXT": "text", "NUMBERS": [1, 2]}


@pytest.mark.parametrize("file", FILES)
async def test_node(run: Run, file: str) -> None:
    worker = FOLDER / f"{file}.js"
    running = await run(worker, env=VARIABLES, limits={"cpu_ms": 10_000})
    problems: list[str] = []
    for name in TEST.findall(worker.read_text()):
        try:
            assert await running.text(f"/{name}") == "ok"
        except Exception as error:
            problems.append(f"{name}: {error}")
    assert problems == []


async def test_what_is_written_to_stdout_is_logged(run: Run) -> None:
    running = await run(FOLDER / "process.js", env=VARIABLES)
    await running.text("/output_is_the_console_s")
    lines = [(line.level, line.message) for line in running.observed.lines]
    assert lines == [("log", "half a line"), ("error", "an error")]
