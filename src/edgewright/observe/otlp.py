"""Traces to an OpenTelemetry collector, by OTLP over HTTP.

Set up as all of OpenTelemetry is, by environment variables, of which the exporter's library reads
its own (headers, timeout, compression, certificate):
https://opentelemetry.io/docs/specs/otel/configuration/sdk-environment-variables/

Spans are made and sent on a thread of its own, in batches; what comes faster than it can send is
dropped and counted, so that a collector that is away costs nothing but its traces.
"""

from __future__ import annotations

import logging
import os
import threading
from collections import deque
from collections.abc import Iterator, Mapping
from functools import lru_cache
from importlib.metadata import version
from typing import Self

from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.util.instrumentation import InstrumentationScope
from opentelemetry.trace import SpanContext, SpanKind, Status, StatusCode, TraceFlags

from edgewright.observe.records import LogLine, RequestRecord
from edgewright.observe.spans import Span, spans_of
from edgewright.observe.trace import Trace, Tracing, getrandbits

MOST_WAITING = 2048
"""Traces that wait to be sent."""

_BATCH = 256
_DELAY = 1.0
"""Seconds until a batch that is not full is sent."""

_KINDS = {"request": SpanKind.SERVER, "fetch": SpanKind.CLIENT, "service": SpanKind.CLIENT}
_SCOPE = InstrumentationScope("edgewright", version("edgewright"))

log = logging.getLogger(__name__)


def is_wanted(environment: Mapping[str, str]) -> bool:
    """Whether the environment names a collector."""
    disabled = environment.get("OTEL_SDK_DISABLED", "").lower() == "true"
    exporter = environment.get("OTEL_TRACES_EXPORTER", "otlp")
    named = any(
        environment.get(name)
        for name in ("OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT")
    )
    return named and exporter == "otlp" and not disabled


def configure(tracing: Tracing, environment: Mapping[str, str]) -> None:
    """Sampling and propagation. Raises ValueError for what there is not."""
    sampler = environment.get("OTEL_TRACES_SAMPLER", "parentbased_always_on")
    match sampler:
        case "parentbased_always_on":
            tracing.rate = 1.0
        case "parentbased_always_off":
            tracing.rate = 0.0
        case "parentbased_traceidratio":
            tracing.rate = float(environment.get("OTEL_TRACES_SAMPLER_ARG", "1"))
        case _:
            raise ValueError(f"OTEL_TRACES_SAMPLER={sampler} is not supported")
    propagators = environment.get("OTEL_PROPAGATORS", "tracecontext,baggage").split(",")
    tracing.propagate = "tracecontext" in propagators


class OtlpObserver:
    """An Observer that sends the traces that are sampled."""

    def __init__(self) -> None:
        self._exporter = OTLPSpanExporter()
        self._waiting: deque[Trace] = deque()
        self._wake = threading.Condition()
        self._stopping = False
        self.dropped = 0
        self._thread = threading.Thread(target=self._run, name="otlp", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Sends what waits; takes a few seconds at most."""
        with self._wake:
            self._stopping = True
            self._wake.notify()
        self._thread.join(timeout=5.0)
        self._exporter.shutdown()

    def request_finished(self, record: RequestRecord) -> None:
        if record.trace is None or not record.trace.sampled:
            return
        if len(self._waiting) >= MOST_WAITING:
            self.dropped += 1
            return
        self._waiting.append(record.trace)
        if len(self._waiting) == _BATCH:
            with self._wake:
                self._wake.notify()

    def logged(self, line: LogLine) -> None: ...

    def _run(self) -> None:
        while True:
            with self._wake:
                if not self._stopping and len(self._waiting) < _BATCH:
                    self._wake.wait(_DELAY)
                stopping = self._stopping
            while self._waiting:
                count = min(_BATCH, len(self._waiting))
                batch = [self._waiting.popleft() for _ in range(count)]
                spans = [span for trace in batch for span in readable_spans(trace)]
                try:
                    self._exporter.export(spans)
                except Exception:
                    log.exception("Traces could not be sent.")
            if stopping:
                return


def readable_spans(trace: Trace) -> Iterator[ReadableSpan]:
    """The spans of one request. Other Workers that it called send their own."""
    root = spans_of(trace)
    yield from _converted(root, trace, trace.parent_id)


def _converted(span: Span, trace: Trace, parent: int) -> Iterator[ReadableSpan]:
    context = _context(trace.trace_id, span.id or getrandbits(64) or 1)
    attributes: dict[str, str | int | float | bool] = {"edgewright.kind": span.kind}
    for name, value in span.attributes.items():
        attributes[_ATTRIBUTES.get(name, f"edgewright.{name}")] = value
    if span.kind == "request":
        attributes |= {"http.request.method": trace.method, "url.full": trace.url}
    yield ReadableSpan(
        name=_name(span),
        context=context,
        parent=_context(trace.trace_id, parent) if parent else None,
        resource=_resource(trace.worker),
        attributes=attributes,
        kind=_KINDS.get(span.kind, SpanKind.INTERNAL),
        status=Status(StatusCode.ERROR, span.error) if span.error else Status(),
        start_time=int((span.start + trace.epoch) * 1e9),
        end_time=int((max(span.start, span.end) + trace.epoch) * 1e9),
        instrumentation_scope=_SCOPE,
    )
    for child in span.children:
        if child.kind != "request":
            yield from _converted(child, trace, context.span_id)


_ATTRIBUTES = {
    "method": "http.request.method",
    "url": "url.full",
    "status": "http.response.status_code",
    "at": "code.stacktrace",
}
"""Names of OpenTelemetry's semantic conventions."""


def _name(span: Span) -> str:
    """Of few kinds, as the conventions ask: without the URL."""
    match span.kind:
        case "request":
            return span.name.partition(" ")[0]
        case "fetch":
            return str(span.attributes["method"])
        case "service":
            return f"{span.attributes['service']} {span.attributes['method']}"
        case _:
            return span.name


def _context(trace_id: int, span_id: int) -> SpanContext:
    return SpanContext(trace_id, span_id, is_remote=False, trace_flags=TraceFlags(1))


@lru_cache(maxsize=1024)
def _resource(worker: str) -> Resource:
    """The service is the Worker, unless OTEL_SERVICE_NAME says otherwise."""
    name = os.environ.get("OTEL_SERVICE_NAME") or worker
    return Resource.create({"service.name": name, "faas.name": worker})
