"""Runs web_basics.js, a Worker that refuses to start when the Web platform is not as it ought."""

from __future__ import annotations

from pathlib import Path

from edgewright.isolate.engine import Isolate, build_snapshot
from edgewright.isolate.layer import RUNTIME_SCRIPT
from edgewright.protocol.messages import Load

MEGABYTE = 1024 * 1024


def test_web_basics() -> None:
    isolate = Isolate(
        build_snapshot(RUNTIME_SCRIPT.read_text()),
        heap_bytes=128 * MEGABYTE,
        buffer_bytes=128 * MEGABYTE,
        start_timeout=10,
    )
    try:
        source = Path(__file__).with_name("web_basics.js").read_text()
        main = "worker:/web_basics.js"
        load = Load(
            main, {main: source}, [], {}, False, startup_cpu_ms=1000, cpu_ms=50, memory_mb=128
        )
        assert isolate.load(load) is None
    finally:
        isolate.close()
