"""CPU time that the runtime layer needs once in an isolate is no Worker's."""

from __future__ import annotations

import pytest

from edgewright.isolate.engine import Isolate, build_snapshot
from edgewright.isolate.layer import RUNTIME_SCRIPT
from edgewright.protocol.messages import Load

MEGABYTE = 1024 * 1024
MAIN = "worker:/main.js"
FETCH = "export default { fetch() {} };"


@pytest.fixture(scope="module")
def snapshot() -> bytes:
    return build_snapshot(RUNTIME_SCRIPT.read_text())


def times(snapshot: bytes, source: str) -> tuple[int, int]:
    """Nanoseconds of CPU time that a Worker's start takes, and those that are not its own."""
    isolate = Isolate(
        snapshot, heap_bytes=128 * MEGABYTE, buffer_bytes=128 * MEGABYTE, start_timeout=10
    )
    try:
        before = isolate.cpu_ns()
        load = Load(
            MAIN, {MAIN: source}, [], {}, False, startup_cpu_ms=1000, cpu_ms=50, memory_mb=128
        )
        assert isolate.load(load) is None
        return isolate.cpu_ns() - before, isolate.take_pardoned_ns()
    finally:
        isolate.close()


@pytest.mark.parametrize("late", ["Blob", "CryptoKey", "new HTMLRewriter().on('p', {})"])
def test_what_is_loaded_when_it_is_touched_is_not_charged(snapshot: bytes, late: str) -> None:
    used, pardoned = times(snapshot, f"{late}; {FETCH}")
    assert 0 < pardoned < used


def test_what_a_worker_computes_is_charged(snapshot: bytes) -> None:
    _, pardoned = times(snapshot, f"for (let i = 0; i < 1e6; i++); {FETCH}")
    assert pardoned == 0
