"""The headers by which callers and upstreams share a trace (W3C Trace Context)."""

from __future__ import annotations

import re

_TRACEPARENT = re.compile(r"00-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})")
_LATER_VERSION = re.compile(
    r"(?!00|ff)[0-9a-f]{2}-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(?:-.*)?"
)
_TRACESTATE = re.compile(r"[ -~]{1,4096}")


def parse_traceparent(headers: list[str]) -> tuple[int, int, bool] | None:
    """Trace, parent and the "sampled" flag, where there is one valid header (W3C Trace Context
    §3.2)."""
    values = [headers[i + 1] for i in range(0, len(headers), 2) if headers[i] == "traceparent"]
    if len(values) != 1:
        return None
    text = values[0].strip()
    found = _TRACEPARENT.fullmatch(text) or _LATER_VERSION.fullmatch(text)
    if found is None:
        return None
    trace_id, parent_id, flags = (int(part, 16) for part in found.groups())
    return (trace_id, parent_id, bool(flags & 1)) if trace_id and parent_id else None


def tracestate(headers: list[str]) -> str:
    """What other tracing systems have to say, to be passed on as a header line (§3.3)."""
    values = [headers[i + 1] for i in range(0, len(headers), 2) if headers[i] == "tracestate"]
    text = ",".join(values)
    return f"tracestate: {text}\r\n" if _TRACESTATE.fullmatch(text) else ""
