"""The load: wrk, one thread."""

from __future__ import annotations

import subprocess

import msgspec

from benchmarks.tools import FOLDER, BenchmarkError, program


class Load(msgspec.Struct, frozen=True):
    """What wrk saw."""

    requests: int
    bytes: int
    seconds: float
    p50_us: float
    p99_us: float
    errors: int
    refused: int
    """Answers with a status of 400 or above."""


def put_load(url: str, *, connections: int, seconds: int, refusals: bool = False) -> Load:
    """Keeps `connections` busy. Raises BenchmarkError when a request fails: such numbers lie.
    `refusals` are no failures where they are what is measured."""
    command = [program("wrk"), "-t1", f"-c{connections}", f"-d{seconds}s", "--timeout", "30s"]
    result = subprocess.run(
        [*command, "-s", str(FOLDER / "report.lua"), url],
        capture_output=True,
        text=True,
        timeout=seconds + 60,
    )
    _, found, line = result.stdout.rpartition("\nJSON ")
    if result.returncode or not found:
        raise BenchmarkError(f"wrk failed on {url}:\n{result.stdout}{result.stderr}")
    load = msgspec.json.decode(line, type=Load)
    failed = load.errors + (0 if refusals else load.refused)
    if failed:
        raise BenchmarkError(f"{failed} of {load.requests} requests failed at {url}")
    return load
