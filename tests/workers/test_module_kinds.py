"""What can be imported: texts, bytes, JSON, WebAssembly, CommonJS, and cloudflare:workers."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from running import Run

WORKER = Path(__file__).parent / "module_kinds"
SOURCE = (WORKER / "index.js").read_text()
NAMES = re.findall(r"^  (?:async )?(\w+)\(\) \{$", SOURCE, re.MULTILINE)


@pytest.mark.parametrize("name", NAMES)
async def test_module_kinds(run: Run, name: str) -> None:
    running = await run(WORKER)
    assert await running.text(f"/{name}") == "ok"


async def test_a_worker_may_be_a_class(run: Run) -> None:
    running = await run(WORKER)
    assert await running.text("/instance") == "true,function,blue"
