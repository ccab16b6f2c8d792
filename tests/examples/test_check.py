"""The examples, looked through by `edgewright check`."""

from __future__ import annotations

from pathlib import Path

import pytest

from edgewright.check.check import check
from examples import EXAMPLES

NAMES = sorted(folder.name for folder in EXAMPLES.iterdir() if (folder / "README.md").is_file())
EXPECTED = {"lost-updates": ["lost-update at worker.js:9"]}


@pytest.mark.parametrize("name", NAMES)
async def test_an_example(name: str) -> None:
    workers = sorted(config.parent for config in (EXAMPLES / name).rglob("wrangler.jsonc"))
    problems = await check(workers, {})
    found = [
        f"{each.rule} at {Path(each.place.path or '').name}:{each.place.line}"
        for each in problems
        if each.severity != "note"
    ]
    assert found == EXPECTED.get(name, [])


async def test_the_slow_upstream_has_no_time_out() -> None:
    (problem,) = await check([EXAMPLES / "slow-upstream"], {})
    assert (problem.rule, problem.severity) == ("no-timeout", "note")
