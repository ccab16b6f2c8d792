"""/metrics, as Prometheus reads it."""

from __future__ import annotations

import re
import time
from pathlib import Path

import pytest
from prometheus_client import parser
from prometheus_client.metrics_core import Metric
from prometheus_client.openmetrics.parser import text_string_to_metric_families as read_openmetrics

from tests.admin.conftest import Server, Start

DOCUMENTED = Path(__file__).parents[2] / "docs" / "metrics.md"


@pytest.fixture(scope="module")
def metrics(server: Server) -> dict[str, Metric]:
    """By name, of a server that was asked all sorts of things."""
    server.get("/hello")
    server.get("/throw")
    server.get("/kv")
    server.get("/spin")
    server.get("/fetch", params={"url": f"{server.url}/hello"})
    server.get("/fetch", params={"url": "http://127.0.0.1:1/"})
    server.until("/api/overview", lambda overview: overview["total"]["total_requests"] >= 7)
    page = server.ask("/metrics")
    assert page.headers["content-type"].startswith("text/plain; version=")
    return {each.name: each for each in parser.text_string_to_metric_families(page.text)}


def value(metric: Metric, suffix: str = "", **labels: str) -> float:
    """The sum of the samples that have these labels."""
    found = [
        sample.value
        for sample in metric.samples
        if sample.name == metric.name + suffix and labels.items() <= sample.labels.items()
    ]
    assert found, (metric, labels)
    return sum(found)


def test_requests_by_outcome_and_status(metrics: dict[str, Metric]) -> None:
    requests = metrics["edgewright_requests"]
    assert requests.type == "counter"
    assert value(requests, "_total", worker="shop", outcome="ok", status="2xx") >= 5
    assert value(requests, "_total", worker="shop", outcome="exception", status="5xx") >= 1
    assert value(requests, "_total", worker="shop", outcome="exceededCpu", status="5xx") >= 1


@pytest.mark.parametrize("name", ["request_duration", "request_cpu"])
def test_durations_are_histograms(metrics: dict[str, Metric], name: str) -> None:
    metric = metrics[f"edgewright_{name}_seconds"]
    assert metric.type == "histogram"
    buckets = [sample for sample in metric.samples if sample.name.endswith("_bucket")]
    counts = [sample.value for sample in buckets]
    assert counts == sorted(counts)
    assert buckets[-1].labels["le"] == "+Inf"
    assert counts[-1] == value(metric, "_count", worker="shop") >= 7
    assert value(metric, "_sum", worker="shop") > 0.05  # /spin takes all of its CPU time


def test_subrequests_by_result(metrics: dict[str, Metric]) -> None:
    subrequests = metrics["edgewright_subrequests"]
    assert value(subrequests, "_total", worker="shop", kind="fetch", result="2xx") >= 1
    assert value(subrequests, "_total", worker="shop", kind="fetch", result="error") >= 1


def test_operations_of_bindings(metrics: dict[str, Metric]) -> None:
    operations = metrics["edgewright_binding_operations"]
    assert value(operations, "_total", worker="shop", binding="STORE", method="put", result="ok")


def test_limits(metrics: dict[str, Metric]) -> None:
    assert value(metrics["edgewright_limits_exceeded"], "_total", worker="shop", limit="cpu_ms")


def test_isolates_and_processes(metrics: dict[str, Metric]) -> None:
    assert value(metrics["edgewright_isolates"], worker="shop") == 2
    assert value(metrics["edgewright_isolate_starts"], "_total", worker="shop") >= 2
    assert value(metrics["edgewright_gateways"]) == 2
    assert value(metrics["edgewright_hosts"]) >= 2
    used = value(metrics["edgewright_isolate_memory_bytes"], worker="shop")
    assert 0 < used <= value(metrics["edgewright_memory_bytes"])


def test_what_could_not_be_told_by_whom_it_was_for(start: Start) -> None:
    nobody = "http://public@127.0.0.1:1/7"
    server = start("serve", "--admin", "0", "--sentry-dsn", nobody)
    server.get("/throw")
    dropped: dict[str, float] = {}
    for _ in range(400):
        dropped = _dropped(server)
        if dropped["sentry"]:
            break
        time.sleep(0.05)
    assert dropped == {"tail": 0, "tail_worker": 0, "otlp": 0, "logpush": 0, "sentry": 1}


def _dropped(server: Server) -> dict[str, float]:
    families = parser.text_string_to_metric_families(server.ask("/metrics").text)
    (metric,) = [each for each in families if each.name == "edgewright_dropped_events"]
    return {sample.labels["destination"]: sample.value for sample in metric.samples}


def test_openmetrics_for_who_asks_for_it(server: Server) -> None:
    accept = "application/openmetrics-text;version=1.0.0"
    page = server.ask("/metrics", headers={"accept": accept})
    assert page.headers["content-type"].startswith("application/openmetrics-text")
    assert "edgewright_requests" in {each.name for each in read_openmetrics(page.text)}


def test_all_are_documented_and_no_others(metrics: dict[str, Metric]) -> None:
    rows = re.findall(r"^\| `(edgewright_\w+)` \| ([\w, ]*)\|", DOCUMENTED.read_text(), re.M)
    documented = {name: set(labels.replace(",", " ").split()) for name, labels in rows}
    for name, metric in metrics.items():
        full = f"{name}_total" if metric.type == "counter" else name
        assert full in documented
        for sample in metric.samples:
            assert sample.labels.keys() - {"le"} == documented[full], full
    names = {f"{n}_total" if m.type == "counter" else n for n, m in metrics.items()}
    assert documented.keys() == names
