"""What a Worker may reach."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import quote

import pytest

from tests.support.running import Origin, Run

WORKER = Path(__file__).parent / "outbound.js"


async def reach(run: Run, url: str, outbound: str) -> str:
    running = await run(WORKER, outbound=outbound)
    response = await running.worker.fetch(f"http://w.test/?url={quote(url, safe='')}")
    return await response.text()


async def test_code_that_is_not_ones_own_reaches_no_private_address(
    run: Run, upstream: Origin
) -> None:
    answer = await reach(run, f"{upstream.url}/text", "public")
    assert answer == "TypeError: Network connection lost: this Worker may not connect to 127.0.0.1"
    assert not upstream.app.open


async def test_ones_own_code_does(run: Run, upstream: Origin) -> None:
    assert (await reach(run, f"{upstream.url}/echo", "any")).startswith("200 ")


async def test_a_clouds_metadata_is_never_reached(run: Run) -> None:
    answer = await reach(run, "http://169.254.169.254/latest/meta-data/", "any")
    assert answer.endswith("this Worker may not connect to 169.254.169.254")


async def test_nothing_else_than_public_and_any(run: Run) -> None:
    with pytest.raises(ValueError, match="private"):
        await run(WORKER, outbound="private")
