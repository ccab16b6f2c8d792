"""A finished request as the platform tells tail Workers and `wrangler tail` of it.

https://developers.cloudflare.com/workers/runtime-apis/handlers/tail/

URL and headers are redacted as there: what looks like a secret becomes REDACTED.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from edgewright.observe.advice import advice
from edgewright.observe.trace import Trace

_SECRET_HEADER = re.compile(r"^(?:set-)?cookie$|auth|key|secret|token|jwt")
_ID = re.compile(r"[A-Za-z0-9+_-]{21,}")


def tail_event(trace: Trace) -> dict[str, Any]:
    """Ready for JSON. Beside the platform's fields, `traceId`, and `advice` where there is some."""
    event: dict[str, Any] = {
        "scriptName": trace.worker,
        "outcome": "ok" if trace.outcome is None else trace.outcome.value,
        "eventTimestamp": _milliseconds(trace, trace.cold_from or trace.began),
        "event": _what_came(trace),
        "logs": [
            {
                "level": line.level,
                "message": [line.message],
                "timestamp": _milliseconds(trace, at),
            }
            for at, line in trace.logs
        ],
        "exceptions": [],
        "diagnosticsChannelEvents": [],
        "cpuTime": round(sum(turn[2] for turn in trace.turns) / 1e6, 3),
        "wallTime": round((trace.ended - (trace.cold_from or trace.began)) * 1000, 3),
        "truncated": trace.dropped > 0,
        "executionModel": "stateless",
        "traceId": trace.id,
    }
    if trace.entrypoint is not None:
        event["entrypoint"] = trace.entrypoint
    if trace.error is not None:
        exception = {
            "name": trace.error.name,
            "message": trace.error.message,
            "stack": trace.error.stack,
            "timestamp": _milliseconds(trace, trace.ended),
        }
        event["exceptions"].append(exception)
    if found := advice(trace):
        event["advice"] = [
            {"kind": each.kind, "text": each.text, "at": each.at, "savesMs": each.saves_ms}
            for each in found
        ]
    return event


def trace_item(trace: Trace) -> dict[str, Any]:
    """The same for a tail Worker, which may see what was redacted: where there is any of it, the
    request has it as `unredacted`."""
    item = tail_event(trace)
    request = item["event"].get("request")
    if request is not None:
        headers = _headers(trace.headers, lambda _, value: value)
        if request["url"] != trace.url or request["headers"] != headers:
            request["unredacted"] = {"url": trace.url, "headers": headers}
    return item


def _what_came(trace: Trace) -> dict[str, Any]:
    if trace.consumed:
        return {"consumedEvents": [{"scriptName": name} for name in trace.consumed]}
    if trace.url.startswith("rpc://"):  # as no client's request does
        return {"rpcMethod": trace.url.rpartition("/")[2]}
    event: dict[str, Any] = {
        "request": {
            "url": redacted_url(trace.url),
            "method": trace.method,
            "headers": redacted_headers(trace.headers),
            "cf": trace.cf or {},
        }
    }
    if trace.status:
        event["response"] = {"status": trace.status}
    return event


def redacted_headers(flat: list[str]) -> dict[str, str]:
    """Those that may hold a secret, by their names, have none."""
    return _headers(flat, lambda name, value: "REDACTED" if is_secret(name) else value)


def is_secret(name: str) -> bool:
    """Whether a header of this name may hold a secret."""
    return _SECRET_HEADER.search(name) is not None


def _headers(flat: list[str], show: Callable[[str, str], str]) -> dict[str, str]:
    headers: dict[str, str] = {}
    for name, value in zip(flat[::2], flat[1::2], strict=True):
        shown = show(name, value)
        headers[name] = f"{headers[name]}, {shown}" if name in headers else shown
    return headers


def redacted_url(url: str) -> str:
    """Without what looks like an id: 32 hex digits or more, or 21 characters or more of which two
    each are large letters, small letters and digits."""
    return _ID.sub(lambda found: "REDACTED" if _is_id(found[0]) else found[0], url)


def _is_id(text: str) -> bool:
    bare = re.sub(r"[+_-]", "", text)
    if len(bare) >= 32 and all(c in "0123456789abcdefABCDEF" for c in bare):
        return True
    kinds = (str.isupper, str.islower, str.isdigit)
    return all(sum(map(kind, text)) >= 2 for kind in kinds)


def _milliseconds(trace: Trace, time: float) -> int:
    """Since 1970."""
    return int((time + trace.epoch) * 1000)
