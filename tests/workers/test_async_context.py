"""Whose code runs is known through promises, timers, streams and events."""

from __future__ import annotations

import asyncio
import re
from pathlib import Path

import pytest
from running import Origin, Run

WORKER = Path(__file__).parent / "hostile" / "async_context.js"
WAYS = re.findall(r"^  (?:async )?(\w+)(?:\(log|: )", WORKER.read_text(), re.MULTILINE)


@pytest.mark.parametrize("way", WAYS)
async def test_the_async_context_follows(run: Run, upstream: Origin, way: str) -> None:
    running = await run(WORKER, env={"UPSTREAM": upstream.url})
    for said in await asyncio.gather(running.json(f"/{way}"), running.json(f"/{way}")):
        assert said["wrong"] == []
        assert said["calls"] >= 4
