"""What a browser's developer tools show of a response's making.

https://www.w3.org/TR/server-timing/
"""

from __future__ import annotations

import time

from edgewright.observe.trace import Trace


def server_timing(trace: Trace) -> str:
    """The header's value, when the response's head is there: milliseconds until then."""
    now = trace.answered or time.perf_counter()
    flags = "01" if trace.sampled else "00"
    # In the manner of OpenTelemetry's agents: what the response's trace is called.
    metrics = [f'traceparent;desc="00-{trace.id}-{trace.span_id:016x}-{flags}"']
    if trace.cold_from:
        metrics.append(f"cold;dur={_ms(trace.began - trace.cold_from)}")
    if trace.turns:
        metrics.append(f"queue;dur={_ms(max(0.0, trace.turns[0][0] - trace.began))}")
    cpu_ns = sum(turn[2] for turn in trace.turns)
    metrics.append(f'cpu;dur={_ms(cpu_ns / 1e9)};desc="{len(trace.turns)} turns"')
    if trace.fetches:
        spans = [(note.asked, note.settled or now) for note in trace.fetches.values()]
        metrics.append(f'fetch;dur={_ms(covered(spans))};desc="{len(spans)} subrequests"')
    metrics.append(f"total;dur={_ms(now - (trace.cold_from or trace.began))}")
    return ", ".join(metrics)


def covered(spans: list[tuple[float, float]]) -> float:
    """Seconds in which there was at least one of them."""
    seconds, until = 0.0, 0.0
    for start, end in sorted(spans):
        seconds += max(0.0, end - max(start, until))
        until = max(until, end)
    return seconds


def _ms(seconds: float) -> str:
    return f"{seconds * 1000:.1f}"
