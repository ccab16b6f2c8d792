"""What a trace tells of a request, with real Workers and a real upstream."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from edgewright.observe.server_timing import server_timing
from edgewright.observe.spans import Span, spans_of
from edgewright.observe.trace import Trace, Tracing
from edgewright.observe.waterfall import waterfall
from tests.support.running import Origin, Run, Running

HERE = Path(__file__).parent

CALLER = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


@pytest.fixture
async def traced(run: Run, upstream: Origin) -> Running:
    return await run(
        HERE / "traces" / "traced.js", tracing=Tracing(on=True), env={"UP": upstream.url}
    )


TraceOf = Callable[..., Awaitable[Trace]]


@pytest.fixture
def trace_of(traced: Running) -> TraceOf:
    async def trace_of(path: str, **options: object) -> Trace:
        await traced.text(path, **options)
        assert await traced.worker.drain()
        trace = traced.observed.requests[-1].trace
        assert trace is not None
        return trace

    return trace_of


def kinds(span: Span) -> list[str]:
    return [child.kind for child in span.children]


def of_kind(span: Span, kind: str) -> list[Span]:
    return [child for child in span.children if child.kind == kind]


async def test_nobody_listens_and_nothing_is_recorded(run: Run) -> None:
    running = await run(HERE / "traces" / "traced.js", env={"UP": ""})
    await running.text("/plain")
    assert running.observed.requests[0].trace is None


async def test_a_request_waits_and_has_its_turn(trace_of: TraceOf) -> None:
    root = spans_of(await trace_of("/plain"))
    assert kinds(root) == ["queue", "turn"]
    assert root.name == "GET http://worker.test/plain"
    assert root.attributes["status"] == 200
    assert root.attributes["outcome"] == "ok"
    assert root.start <= root.children[0].start <= root.children[1].end <= root.end


async def test_a_subrequest_connects_waits_and_reads(trace_of: TraceOf) -> None:
    root = spans_of(await trace_of("/fetches"))
    delayed, large = of_kind(root, "fetch")
    assert {"connect", "wait"} <= set(kinds(delayed))
    assert 55 < of_kind(delayed, "wait")[0].milliseconds < 2000
    assert "body" in kinds(large)
    assert delayed.start < large.end
    assert large.start < delayed.end
    assert delayed.attributes["reused"] is False
    assert all(root.start <= span.start <= span.end <= root.end for span in (delayed, large))


async def test_what_the_cache_has_made_of_a_subrequest(trace_of: TraceOf) -> None:
    root = spans_of(await trace_of("/cached"))
    miss, hit, neither = of_kind(root, "fetch")
    assert [span.attributes["cache"] for span in (miss, hit, neither)] == ["MISS", "HIT", "DYNAMIC"]
    assert "wait" in kinds(miss)
    # No connection had a part in it.
    assert kinds(hit) == []
    assert "reused" not in hit.attributes


async def test_what_is_done_with_a_cache(trace_of: TraceOf) -> None:
    trace = await trace_of("/kept")
    ops = of_kind(spans_of(trace), "op")
    assert [(span.name, span.attributes["result"]) for span in ops] == [
        ("caches.default.put", "stored"),
        ("caches.default.match", "HIT"),
        ("caches.default.delete", "deleted"),
        ("caches.default.match", "MISS"),
        ("caches.open('mine').put", "not stored"),
    ]
    assert {span.attributes["detail"] for span in ops} == {"http://cache.test/a"}
    assert trace.subrequests == 5
    lines = waterfall(trace, width=120, paint=lambda _, text: text)
    assert "caches.default.match http://cac…" in lines[2]
    assert lines[2].endswith("ms, HIT")


async def test_a_kept_connection_is_not_made_again(trace_of: TraceOf) -> None:
    await trace_of("/headers")
    (fetch,) = of_kind(spans_of(await trace_of("/headers")), "fetch")
    assert fetch.attributes["reused"] is True
    assert "connect" not in kinds(fetch)


async def test_what_queues_for_a_connection_says_so(trace_of: TraceOf) -> None:
    fetches = of_kind(spans_of(await trace_of("/many")), "fetch")
    queued = [fetch for fetch in fetches if "queued" in kinds(fetch)]
    assert (len(fetches), len(queued)) == (9, 3)
    assert all(of_kind(fetch, "queued")[0].milliseconds > 30 for fetch in queued)


async def test_a_failure_is_told(trace_of: TraceOf) -> None:
    (fetch,) = of_kind(spans_of(await trace_of("/refused")), "fetch")
    assert "Connection refused" in fetch.error


async def test_redirects_are_counted(trace_of: TraceOf) -> None:
    (fetch,) = of_kind(spans_of(await trace_of("/redirect")), "fetch")
    assert (fetch.attributes["redirects"], fetch.attributes["status"]) == (1, 204)


async def test_what_is_given_up_at_the_end_is_marked(trace_of: TraceOf) -> None:
    (fetch,) = of_kind(spans_of(await trace_of("/floating")), "fetch")
    assert fetch.attributes["floating"] is True


async def test_the_runtime_layer_s_own_timers_are_none(trace_of: TraceOf) -> None:
    # While an import goes on, it looks again and again whether the request hangs.
    assert of_kind(spans_of(await trace_of("/import")), "op") == []


async def test_timers_and_wait_until_are_spans(trace_of: TraceOf) -> None:
    root = spans_of(await trace_of("/later"))
    (timer,) = of_kind(root, "op")
    (rest,) = of_kind(root, "waitUntil")
    assert timer.name == "timer"
    assert timer.milliseconds > 35
    assert rest.milliseconds > 35
    assert of_kind(spans_of(await trace_of("/timer")), "waitUntil") == []


async def test_cpu_time_is_in_the_turn_that_used_it(trace_of: TraceOf) -> None:
    trace = await trace_of("/work")
    first, second = (turn for turn in of_kind(spans_of(trace), "turn"))
    assert float(second.attributes["cpu_ms"]) > float(first.attributes["cpu_ms"])


async def test_the_turns_cpu_time_is_the_records(traced: Running, trace_of: TraceOf) -> None:
    root = spans_of(await trace_of("/fetches"))
    assert root.attributes["cpu_ms"] == pytest.approx(traced.observed.requests[-1].cpu_ms)


async def test_console_lines_belong_to_their_request(trace_of: TraceOf) -> None:
    trace = await trace_of("/logs")
    assert [(line.level, line.message) for _, line in trace.logs] == [
        ("log", "one"),
        ("warn", "two"),
    ]


async def test_a_cold_start_is_a_span(run: Run) -> None:
    running = await run(
        HERE / "traces" / "traced.js", tracing=Tracing(on=True), env={"UP": ""}, memory_mb=1
    )
    node = running.worker.dispatcher().node
    await node.deploy(running.worker.bundle, eager=False)
    await running.text("/plain")
    trace = running.observed.requests[-1].trace
    assert trace is not None
    (cold,) = of_kind(spans_of(trace), "cold")
    assert cold.milliseconds > 1
    assert "cold;dur=" in server_timing(trace)


async def test_a_chained_worker_is_a_part_of_its_callers_trace(run: Run) -> None:
    services = HERE / "services"
    running = await run(
        services / "front", others=[services / "back"], tracing=Tracing(on=True, watch=True)
    )
    await running.text("/a")
    back, front = (record.trace for record in running.observed.requests)
    assert front is not None
    assert back is not None
    (call,) = of_kind(spans_of(front), "service")
    (inner,) = call.children
    assert inner.attributes["worker"] == "back"
    assert (back.trace_id, back.parent_id) == (front.trace_id, call.id)
    assert back.called_here
    assert not front.called_here


async def test_a_method_of_another_worker_is_a_part_of_the_trace(run: Run) -> None:
    rpc = HERE / "rpc"
    running = await run(rpc / "client", others=[rpc / "server"], tracing=Tracing(on=True))
    await running.text("/methods")
    assert await running.worker.drain()
    traces = [record.trace for record in running.observed.requests]
    (outer,) = (trace for trace in traces if trace is not None and not trace.called_here)
    calls = of_kind(spans_of(outer), "service")
    assert calls
    assert all(call.children[0].kind == "request" for call in calls)
    assert all(call.end - call.start > 0 for call in calls)
    assert {trace.trace_id for trace in traces if trace is not None} == {outer.trace_id}


# --- W3C Trace Context -------------------------------------------------------------------------


async def test_the_callers_trace_goes_on_to_the_upstream(traced: Running) -> None:
    told = await traced.json("/headers", headers={"traceparent": CALLER, "tracestate": "a=1"})
    version, trace, span, flags = told["traceparent"].split("-")
    assert (version, trace, flags) == ("00", "0af7651916cd43dd8448eb211c80319c", "01")
    assert told["tracestate"] == "a=1"
    record = traced.observed.requests[-1].trace
    assert record is not None
    assert f"{next(iter(record.fetches.values())).span_id:016x}" == span
    assert f"{record.parent_id:016x}" == "b7ad6b7169203331"


async def test_a_request_without_begins_a_trace(traced: Running) -> None:
    told = await traced.json("/headers")
    trace = traced.observed.requests[-1].trace
    assert trace is not None
    assert told["traceparent"].split("-")[1] == trace.id
    assert "tracestate" not in told


async def test_the_callers_choice_not_to_sample_is_kept(traced: Running) -> None:
    told = await traced.json("/headers", headers={"traceparent": f"{CALLER[:-2]}00"})
    assert told["traceparent"].endswith("-00")


async def test_what_the_worker_says_itself_is_left_alone(traced: Running) -> None:
    told = await traced.json("/own")
    assert told["traceparent"] == "00-11111111111111111111111111111111-2222222222222222-01"


async def test_untraced_requests_send_nothing(run: Run, upstream: Origin) -> None:
    running = await run(HERE / "traces" / "traced.js", env={"UP": upstream.url})
    assert "traceparent" not in await running.json("/headers")


async def test_propagation_can_be_off(run: Run, upstream: Origin) -> None:
    tracing = Tracing(on=True)
    tracing.propagate = False
    running = await run(HERE / "traces" / "traced.js", tracing=tracing, env={"UP": upstream.url})
    assert "traceparent" not in await running.json("/headers", headers={"traceparent": CALLER})
    trace = running.observed.requests[-1].trace
    assert trace is not None
    assert trace.parent_id == 0
