"""Runs the tests of crypto/, which are in the words of a Worker."""

from __future__ import annotations

from pathlib import Path

import pytest
from running import Run

from edgewright import Outcome, WorkerException

WORKER = Path(__file__).parent / "crypto/worker.js"
ENOUGH = {"cpu_ms": 10_000}


@pytest.mark.parametrize("group", ["vectors", "operations", "refusals", "interfaces"])
async def test_web_cryptography(run: Run, group: str) -> None:
    running = await run(WORKER, limits=ENOUGH)
    said: dict[str, str] = {}
    for name in await running.json(f"/{group}"):
        try:
            said[name] = await running.text(f"/{group}/{name}")
        except WorkerException as error:
            said[name] = f"{error}"
    assert said
    assert {name: text for name, text in said.items() if text != "ok"} == {}


async def test_what_the_pool_computes_is_cpu_time_of_its_request(run: Run) -> None:
    running = await run(WORKER, limits={"cpu_ms": 200})
    with pytest.raises(WorkerException) as caught:
        await running.text("/derive/100")
    assert caught.value.outcome is Outcome.EXCEEDED_CPU
    assert await running.text("/derive/0") == "derived"
    (first, *_) = running.observed.requests
    assert first.cpu_ms > 200
