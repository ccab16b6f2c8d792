"""A finished trace as a tree of spans: what a request waited for, one thing within the other.

| span | from, to |
|---|---|
| `GET https://…` (the request) | its arrival, until nothing of it was left to do |
| `cold start` | its arrival, until its Worker was loaded |
| `queue` | then, until the isolate began with it |
| `turn` | events went into the isolate, commands came back; `cpu` is the thread's CPU time in it |
| `fetch`, `service` | the Worker asked for a subrequest, until its response's last byte had come |
| … `queued` | it waited for one of the request's connections |
| … `dns`, `connect`, `tls` | a new connection was made |
| … `wait` | the request was sent, until its response's head was there |
| … `body` | the rest of the response |
| … the other request | what the Worker behind a service binding did |
| `timer`, … | an op of another kind, by its name |
| `waitUntil` | the response was done with, until waitUntil() was |
"""

from __future__ import annotations

from dataclasses import dataclass, field
from urllib.parse import urlsplit

from edgewright.observe.records import Outcome
from edgewright.observe.trace import FetchTrace, OpTrace, Trace

Value = str | int | float | bool


@dataclass(slots=True)
class Span:
    """Something that took a while. Times are `time.perf_counter()`'s."""

    kind: str
    name: str
    start: float
    end: float
    attributes: dict[str, Value] = field(default_factory=dict[str, Value])
    children: list[Span] = field(default_factory=list["Span"])
    id: int = 0
    """Its 64 bits, where others were told of them."""
    error: str = ""
    trace: Trace | None = None
    """Of a request's span."""

    @property
    def milliseconds(self) -> float:
        return (self.end - self.start) * 1000


def spans_of(trace: Trace) -> Span:
    """The request's span, with all others below it, in the order in which they began."""
    start = trace.cold_from or trace.began
    root = Span("request", f"{trace.method} {trace.url}", start, _end(trace), id=trace.span_id)
    root.trace = trace
    root.attributes = {"worker": trace.worker, "status": trace.status}
    if trace.outcome is not None:
        root.attributes["outcome"] = trace.outcome.value
        if trace.outcome is not Outcome.OK:
            root.error = trace.error.message if trace.error is not None else trace.outcome.value
    root.attributes["cpu_ms"] = sum(turn[2] for turn in trace.turns) / 1e6
    below = root.children
    if trace.cold_from:
        below.append(Span("cold", "cold start", trace.cold_from, trace.began))
    if trace.turns:
        below.append(Span("queue", "queue", trace.began, max(trace.began, trace.turns[0][0])))
    for began, ended, cpu_ns, events in trace.turns:
        span = Span("turn", "turn", began, ended)
        span.attributes = {"cpu_ms": cpu_ns / 1e6, "events": events}
        below.append(span)
    below += [_fetch(note, root.end) for note in trace.fetches.values()]
    below += [_op(note, root.end) for note in trace.ops.values()]
    rest = max(trace.answered, trace.sent)
    if trace.answered and len(trace.turns) > trace.rest_turn:
        below.append(Span("waitUntil", "waitUntil", rest, root.end))
    below.sort(key=lambda span: span.start)
    return root


def _end(trace: Trace) -> float:
    """Of a request that goes on: the last that is known of it."""
    last = trace.turns[-1][1] if trace.turns else trace.began
    return trace.ended or max(trace.began, trace.answered, trace.sent, last)


def _fetch(note: FetchTrace, limit: float) -> Span:
    kind = "fetch" if note.service is None else "service"
    end = note.ended or note.settled or limit
    span = Span(
        kind, f"{note.method} {note.url}", note.asked, max(end, note.settled), id=note.span_id
    )
    span.error = note.error
    span.attributes = {"method": note.method, "url": note.url}
    if note.service is not None:
        span.attributes["service"] = note.service
    if note.status:
        span.attributes["status"] = note.status
    if note.cache:
        span.attributes["cache"] = note.cache
    if note.hops:
        span.attributes["redirects"] = note.hops
    if note.at:
        span.attributes["at"] = note.at
    if note.floating:
        span.attributes["floating"] = True
    if note.called is not None:
        span.children.append(spans_of(note.called))
        return span
    if note.service is None and (note.sent or not note.cache):
        span.attributes["reused"] = not note.dialed and note.started > 0
    span.children = [
        Span(kind, kind, start, end)
        for kind, start, end in (
            ("queued", note.asked, note.started),
            ("dns", note.dialed, note.resolved),
            ("connect", note.resolved, note.connected),
            ("tls", note.connected, note.secured),
            ("wait", note.sent, note.first_byte),
            ("body", note.first_byte, note.ended),
        )
        # An address needs no look-up, and a connection that is free no queueing.
        if start and end and (end - start >= _WORTH_TELLING or kind in ("wait", "connect"))
    ]
    return span


_WORTH_TELLING = 0.0002
"""Seconds."""


def _op(note: OpTrace, limit: float) -> Span:
    span = Span("op", note.name, note.asked, note.settled or limit)
    span.error = note.error
    if note.detail:
        span.attributes["detail"] = note.detail
    if note.result:
        span.attributes["result"] = note.result
    if not note.settled:
        span.attributes["floating"] = True
    return span


def short_url(url: str) -> str:
    """For a person: without the scheme, credentials and the query."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return url
    return f"{parts.netloc.rpartition('@')[2]}{parts.path}" if parts.netloc else url
