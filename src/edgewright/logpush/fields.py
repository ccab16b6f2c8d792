"""A finished request as a line of the platform's dataset `workers_trace_events`.

https://developers.cloudflare.com/logs/logpush/logpush-job/datasets/account/workers_trace_events/
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from edgewright.observe.records import RequestRecord
from edgewright.observe.tail_event import redacted_url
from edgewright.observe.trace import Trace


class Finished:
    """A record, when it came, and of which version of the Worker's code it is."""

    __slots__ = ("at", "record", "version")

    def __init__(self, record: RequestRecord, at: float, version: str) -> None:
        self.record = record
        self.at = at
        """Seconds since 1970."""
        self.version = version

    @property
    def trace(self) -> Trace | None:
        """None where the request was not begun."""
        return self.record.trace


def fields_of(finished: Finished, names: Sequence[str]) -> dict[str, Any]:
    """Those of these names, in their order; each is one of FIELDS."""
    return {name: FIELDS[name](finished) for name in names}


def _event(finished: Finished) -> dict[str, Any]:
    record, trace = finished.record, finished.trace
    match _event_type(finished):
        case "tail":
            consumed = trace.consumed if trace is not None else ()
            return {"ConsumedEvents": [{"ScriptName": name} for name in consumed]}
        case "worker_rpc":
            return {"RpcMethod": record.url.rpartition("/")[2]}
        case _:
            pass
    event: dict[str, Any] = {
        "RayID": record.ray or ("" if trace is None else trace.id[:16]),
        "Request": {"URL": redacted_url(record.url), "Method": record.method},
    }
    if record.status:
        event["Response"] = {"Status": record.status}
    return event


def _event_type(finished: Finished) -> str:
    url = finished.record.url
    if url.startswith("rpc://"):
        return "worker_rpc"
    return "tail" if url.startswith("tail://") else "fetch"


def _began(finished: Finished) -> int:
    trace = finished.trace
    if trace is None:
        return int(finished.at * 1000)
    return _milliseconds(trace, trace.cold_from or trace.began)


def _exceptions(finished: Finished) -> list[dict[str, Any]]:
    error, trace = finished.record.error, finished.trace
    if error is None:
        return []
    at = int(finished.at * 1000) if trace is None else _milliseconds(trace, trace.ended)
    return [{"Name": error.name, "Message": error.message, "Stack": error.stack, "TimestampMs": at}]


def _logs(finished: Finished) -> list[dict[str, Any]]:
    trace = finished.trace
    return [
        {"Level": line.level, "Message": [line.message], "TimestampMs": _milliseconds(trace, at)}
        for at, line in ([] if trace is None else trace.logs)
        if trace is not None
    ]


def _milliseconds(trace: Trace, time: float) -> int:
    """Since 1970."""
    return int((time + trace.epoch) * 1000)


FIELDS: dict[str, Callable[[Finished], Any]] = {
    "CPUTimeMs": lambda finished: round(finished.record.cpu_ms),
    "DispatchNamespace": lambda _: "",
    "Entrypoint": lambda finished: (finished.trace and finished.trace.entrypoint) or "",
    "Event": _event,
    "EventTimestampMs": _began,
    "EventType": _event_type,
    "Exceptions": _exceptions,
    "Logs": _logs,
    "Outcome": lambda finished: finished.record.outcome.value,
    "ScriptName": lambda finished: finished.record.worker,
    "ScriptTags": lambda _: [],
    "ScriptVersion": lambda finished: {"ID": finished.version},
    "WallTimeMs": lambda finished: round(finished.record.wall_ms),
}
"""All of the dataset. (There are no namespaces and no tags here: these two are always empty.)"""

DEFAULT_FIELDS = tuple(name for name in FIELDS if name not in ("DispatchNamespace", "ScriptTags"))
