"""Traces that a collector gets, from a real server by a real exporter."""

from __future__ import annotations

import gzip
import threading
from collections.abc import Awaitable, Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import httpx
import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import Span

from edgewright.observe.export import ExportError, start_export
from edgewright.observe.trace import Tracing
from tests.support.running import Command, Origin, eventually

FRONT = Path(__file__).parent / "services" / "front"
BACK = Path(__file__).parent / "services" / "back"
CALLER = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"

Edgewright = Callable[..., Awaitable[Command]]


class Collector:
    """Takes OTLP over HTTP and keeps the spans by their services."""

    def __init__(self) -> None:
        collector = self
        self.spans: list[tuple[str, Span]] = []

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"]))
                if self.headers.get("content-encoding") == "gzip":
                    body = gzip.decompress(body)
                if self.path == "/v1/traces":
                    collector.take(ExportTraceServiceRequest.FromString(body))
                self.send_response(200)
                self.end_headers()

            def log_message(self, *_: object) -> None: ...

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def take(self, request: ExportTraceServiceRequest) -> None:
        for resource in request.resource_spans:
            (name,) = (
                a.value.string_value
                for a in resource.resource.attributes
                if a.key == "service.name"
            )
            for scope in resource.scope_spans:
                self.spans += [(name, span) for span in scope.spans]

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


@pytest.fixture
def collector(monkeypatch: pytest.MonkeyPatch) -> Iterator[Collector]:
    collector = Collector()
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", collector.url)
    yield collector
    collector.close()


async def ask(command: Command, path: str, **headers: str) -> None:
    async with httpx.AsyncClient(timeout=60) as client:
        assert (await client.get(f"{command.url}{path}", headers=headers)).status_code == 200


async def test_chained_workers_are_one_trace(edgewright: Edgewright, collector: Collector) -> None:
    command = await edgewright("serve", FRONT, BACK)
    await ask(command, "/a", traceparent=CALLER)

    def requests() -> dict[str, Span]:
        return {name: span for name, span in collector.spans if span.kind == Span.SPAN_KIND_SERVER}

    assert await eventually(lambda: len(requests()) == 2)
    front, back = requests()["front"], requests()["back"]
    assert front.trace_id == back.trace_id == bytes.fromhex(CALLER.split("-")[1])
    assert front.parent_span_id == bytes.fromhex(CALLER.split("-")[2])
    (call,) = (span for _, span in collector.spans if span.kind == Span.SPAN_KIND_CLIENT)
    assert call.parent_span_id == front.span_id
    assert back.parent_span_id == call.span_id
    assert front.start_time_unix_nano <= call.start_time_unix_nano <= back.start_time_unix_nano
    turns = [span for name, span in collector.spans if (name, span.name) == ("front", "turn")]
    assert turns
    assert all(turn.parent_span_id == front.span_id for turn in turns)


async def test_a_caller_that_does_not_sample_is_heeded(
    edgewright: Edgewright, collector: Collector
) -> None:
    command = await edgewright("serve", FRONT, BACK)
    await ask(command, "/a", traceparent=f"{CALLER[:-2]}00")
    other = "00-11111111111111111111111111111111-b7ad6b7169203331-01"
    await ask(command, "/a", traceparent=other)
    assert await eventually(lambda: len(collector.spans) > 4)
    assert {span.trace_id.hex() for _, span in collector.spans} == {"1" * 32}


async def test_a_subrequest_is_the_upstreams_parent(
    edgewright: Edgewright, collector: Collector, upstream: Origin
) -> None:
    command = await edgewright("serve", FRONT, BACK)
    await ask(command, f"/many?upstream={upstream.url}")
    assert await eventually(lambda: len(collector.spans) > 100)
    told = {seen.headers["traceparent"].split("-")[2] for seen in upstream.app.seen}
    clients = {s.span_id.hex() for _, s in collector.spans if s.kind == Span.SPAN_KIND_CLIENT}
    assert told <= clients


def test_a_sampler_that_there_is_not_is_refused(
    monkeypatch: pytest.MonkeyPatch, collector: Collector
) -> None:
    monkeypatch.setenv("OTEL_TRACES_SAMPLER", "jaeger_remote")
    with pytest.raises(ExportError, match="jaeger_remote is not supported"):
        start_export(Tracing())


def test_ratio_and_propagators_are_read(
    monkeypatch: pytest.MonkeyPatch, collector: Collector
) -> None:
    monkeypatch.setenv("OTEL_TRACES_SAMPLER", "parentbased_traceidratio")
    monkeypatch.setenv("OTEL_TRACES_SAMPLER_ARG", "0.25")
    monkeypatch.setenv("OTEL_PROPAGATORS", "none")
    tracing = Tracing()
    assert start_export(tracing) is not None
    assert (tracing.on, tracing.rate, tracing.propagate) == (True, 0.25, False)


def test_without_a_collector_nothing_is_traced(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OTEL_EXPORTER_OTLP_ENDPOINT", raising=False)
    tracing = Tracing()
    assert start_export(tracing) is None
    assert not tracing.on
