"""An isolate that has nothing to do."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from edgewright.gateway import hosts
from tests.support.running import Run

_WORKER = """
const garbage = new WeakRef({});
export default {
  fetch: () => new Response(garbage.deref() === undefined ? "collected" : "there"),
};
"""


async def test_it_gives_back_what_its_start_left_behind(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hosts, "_IDLE_AFTER", 1)
    (tmp_path / "worker.js").write_text(_WORKER)
    running = await run(tmp_path / "worker.js")
    assert await running.text("/") == "there"
    for _ in range(20):
        await asyncio.sleep(1.2)
        if await running.text("/") == "collected":
            break
    else:
        pytest.fail("nothing was collected")
    assert await running.text("/") == "collected"
