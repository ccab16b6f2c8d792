"""Requests that end themselves, and what goes out after them."""

from __future__ import annotations

from pathlib import Path

import pytest
from running import Origin, Run, eventually

from edgewright import WorkerException

WORKER = Path(__file__).parent / "aborted_by_itself.js"


@pytest.mark.parametrize("path", ["/abort", "/caught"])
async def test_abort_fails_the_request_with_its_reason(run: Run, path: str) -> None:
    running = await run(WORKER)
    with pytest.raises(WorkerException, match="TypeError: given up"):
        await running.fetch(path)
    assert await running.text("/later") == "answered"


async def test_abort_after_the_answer_ends_what_goes_on(run: Run) -> None:
    running = await run(WORKER)
    assert await running.text("/later") == "answered"
    assert await eventually(lambda: "Uncaught after the answer" in running.logged)
    assert await running.worker.drain(5)


async def test_a_beacon_goes_out_after_the_answer(run: Run, upstream: Origin) -> None:
    running = await run(WORKER, env={"UPSTREAM": upstream.url})
    assert await running.json("/beacon") == [True, True]
    assert await eventually(lambda: any(seen.method == "POST" for seen in upstream.app.seen))
    assert await running.worker.drain(5)
