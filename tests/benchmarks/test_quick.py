import subprocess
import sys
from pathlib import Path

import msgspec
import pytest

from benchmarks.cases import CASES
from benchmarks.results import Results
from benchmarks.tools import BenchmarkError, program

ROOT = Path(__file__).parents[2]


@pytest.mark.slow
def test_a_quick_run_gives_every_figure(tmp_path: Path) -> None:
    try:
        program("wrk")
        program("nginx")
    except BenchmarkError as missing:
        pytest.skip(str(missing))
    output = tmp_path / "results.json"
    subprocess.run(
        [sys.executable, "-m", "benchmarks", "--quick", "--output", str(output)],
        cwd=ROOT,
        check=True,
        timeout=240,
    )
    results = msgspec.json.decode(output.read_bytes(), type=Results)
    assert [case.name for case in results.cases] == [case.name for case in CASES]
    for case in results.cases:
        for peer in (case.edgewright, case.workerd):
            assert peer.requests_per_second.median > 0
            assert sum(use.cpu_us_per_request for use in peer.processes) > 0
    assert results.isolates is not None
    assert results.isolates.idle_pss_mb > 0
