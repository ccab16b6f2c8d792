"""A finished request as programs are shown it, by the admin port and by a gateway's ask socket.

Times within a request are milliseconds since it came; all others are seconds since 1970. URLs and
headers are redacted as in tail events.
"""

from __future__ import annotations

import msgspec

from edgewright.observe.advice import advice
from edgewright.observe.records import RequestRecord
from edgewright.observe.spans import Span, Value, spans_of
from edgewright.observe.tail_event import redacted_headers, redacted_url

_LONGEST_URL = 2048
_LONGEST_ERROR = 500


class RequestSummary(msgspec.Struct, frozen=True, kw_only=True):
    """One line of a list of requests."""

    id: str
    """16 hex digits: its own, and what its trace and its place in a list are asked for by."""
    trace_id: str
    """32 hex digits, as in `traceparent`: requests of one trace share it. Empty without a trace."""
    ray: str
    """What the client was shown, where it was shown an error."""
    time: float
    """When it came."""
    worker: str
    version: str
    method: str
    url: str
    status: int
    """0 when no response head was sent."""
    outcome: str
    """An Outcome: "ok", "exception", "exceededCpu" …"""
    wall_ms: float
    cpu_ms: float
    subrequests: int
    operations: int
    cold: bool
    """It had to wait for its Worker to be loaded."""
    advice: int
    """How many pieces of advice there are."""
    logs: int
    error: str
    """`TypeError: …`, or empty."""
    service: bool
    """Another Worker called it, of whose trace it is a part."""


class SpanView(msgspec.Struct, frozen=True, kw_only=True):
    """A span; `kind` and nesting are told in observe/spans.py."""

    kind: str
    name: str
    start_ms: float
    end_ms: float
    error: str
    attributes: dict[str, Value]
    children: list[SpanView]


class AdviceView(msgspec.Struct, frozen=True, kw_only=True):
    """See Advice."""

    kind: str
    text: str
    at: list[str]
    saves_ms: float | None


class LogView(msgspec.Struct, frozen=True, kw_only=True):
    """One call of `console.*`."""

    at_ms: float
    level: str
    message: str


class ExceptionView(msgspec.Struct, frozen=True, kw_only=True):
    """What left the handler."""

    name: str
    message: str
    stack: str


class RequestDetail(msgspec.Struct, frozen=True, kw_only=True):
    """All that is kept of a request."""

    request: RequestSummary
    headers: dict[str, str]
    trace: SpanView | None
    """The request's own span, with all others below it; None where the request was not traced, as
    it never got to an isolate."""
    advice: list[AdviceView]
    logs: list[LogView]
    exceptions: list[ExceptionView]
    truncated: bool
    """More happened than is kept."""


def summary(record: RequestRecord, id: str, time: float) -> RequestSummary:
    """`id` and `time` are for those that have no trace, which knows its own."""
    trace, error = record.trace, record.error
    if trace is not None:
        time = (trace.cold_from or trace.began) + trace.epoch
    return RequestSummary(
        id=id if trace is None else f"{trace.span_id:016x}",
        trace_id="" if trace is None else trace.id,
        ray=record.ray,
        time=time,
        worker=record.worker,
        version=record.version,
        method=record.method,
        url=redacted_url(record.url[:_LONGEST_URL]),
        status=record.status,
        outcome=record.outcome.value,
        wall_ms=round(record.wall_ms, 3),
        cpu_ms=round(record.cpu_ms, 3),
        subrequests=record.subrequests,
        operations=record.operations,
        cold=trace is not None and trace.cold_from > 0,
        advice=0 if trace is None else len(advice(trace)),
        logs=0 if trace is None else len(trace.logs),
        error="" if error is None else f"{error.name}: {error.message}"[:_LONGEST_ERROR],
        service=trace is not None and trace.called_here,
    )


def detail(record: RequestRecord, id: str, time: float) -> RequestDetail:
    """As for summary()."""
    trace, error = record.trace, record.error
    exceptions: list[ExceptionView] = []
    if error is not None:
        exceptions.append(ExceptionView(name=error.name, message=error.message, stack=error.stack))
    request = summary(record, id, time)
    if trace is None:
        return RequestDetail(
            request=request, headers={}, trace=None, advice=[], logs=[], exceptions=exceptions,
            truncated=False,
        )  # fmt: skip
    start = trace.cold_from or trace.began
    return RequestDetail(
        request=request,
        headers=redacted_headers(trace.headers),
        trace=_span(spans_of(trace), start),
        advice=[
            AdviceView(kind=each.kind, text=each.text, at=each.at, saves_ms=each.saves_ms)
            for each in advice(trace)
        ],
        logs=[
            LogView(at_ms=_ms(at - start), level=line.level, message=line.message)
            for at, line in trace.logs
        ],
        exceptions=exceptions,
        truncated=trace.dropped > 0,
    )


def _span(span: Span, origin: float) -> SpanView:
    return SpanView(
        kind=span.kind,
        name=redacted_url(span.name),
        start_ms=_ms(span.start - origin),
        end_ms=_ms(max(span.start, span.end) - origin),
        error=span.error,
        attributes={
            name: redacted_url(value) if name == "url" and isinstance(value, str) else value
            for name, value in span.attributes.items()
        },
        children=[_span(child, origin) for child in span.children],
    )


def _ms(seconds: float) -> float:
    return round(seconds * 1000, 3)
