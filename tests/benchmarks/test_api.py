"""benchmarks/workers/api.js answers what the comparison relies on."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.api import CASES, WORKER
from edgewright import Worker


def test_every_case_has_a_path_of_its_own() -> None:
    paths = [case.path for case in CASES]
    assert len(set(paths)) == len(paths)
    source = Path(WORKER).read_text()
    assert all(f'case "{path}":' in source for path in paths)


@pytest.mark.parametrize(
    ("path", "answer"),
    [("/url", "14780"), ("/headers", "42000"), ("/json", "16000"), ("/json-text", "79000")],
)
async def test_small_things_are_all_done(path: str, answer: str) -> None:
    async with Worker(WORKER, limits={"cpu_ms": 60_000}) as worker:
        response = await worker.fetch(f"http://worker.test{path}")
        assert await response.text() == answer
