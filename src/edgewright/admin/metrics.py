"""`GET /metrics`: what the gateways have counted, for Prometheus.

https://prometheus.io/docs/instrumenting/exposition_formats/ and OpenMetrics, by what is asked for.
docs/metrics.md lists them all; a test compares.

prometheus_client only writes them: its own counters, when several processes share them, are files
that every request would write to.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from importlib.metadata import version

from prometheus_client import CollectorRegistry
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily
from prometheus_client.exposition import choose_encoder
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from edgewright.admin.settings import AdminSettings
from edgewright.admin.sums import Sums
from edgewright.observe.counts import Counts
from edgewright.observe.figures import GatewayFigures
from edgewright.observe.histogram import BOUNDS, bucket_of

WALL_BOUNDS = (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10_000, 20_000, 50_000)
CPU_BOUNDS = (0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50, 100, 200, 500, 1000)
"""Milliseconds; each is one of BOUNDS."""


def exposition(
    accept: str,
    settings: AdminSettings,
    restarts: int,
    gateways: Sequence[GatewayFigures],
    sums: Sums,
) -> tuple[bytes, str]:
    """The page, and its media type: the one that the header asks for."""
    registry = CollectorRegistry()
    registry.register(_Families(lambda: _families(settings, restarts, gateways, sums)))
    encode, media_type = choose_encoder(accept)
    return encode(registry), media_type


class _Families(Collector):
    def __init__(self, families: Callable[[], Iterator[Metric]]) -> None:
        self._families = families

    def collect(self) -> Iterator[Metric]:
        return self._families()


def _families(
    settings: AdminSettings,
    restarts: int,
    gateways: Sequence[GatewayFigures],
    sums: Sums,
) -> Iterator[Metric]:
    by_worker: dict[str, Counts] = {}
    for (worker, _), counts in sums.workers.items():
        by_worker.setdefault(worker, Counts()).add(counts)
    yield from _of_requests(by_worker)
    yield from _of_limits(by_worker)
    yield from _of_isolates(gateways, sums)
    yield from _of_node(settings, restarts, gateways, sums)


def _of_requests(workers: dict[str, Counts]) -> Iterator[Metric]:
    requests = CounterMetricFamily(
        "edgewright_requests",
        "Requests that have ended, by how, and by the class of their response's status",
        labels=("worker", "outcome", "status"),
    )
    wall = HistogramMetricFamily(
        "edgewright_request_duration_seconds",
        "From a request's arrival until nothing of it was left to do",
        labels=("worker",),
    )
    cpu = HistogramMetricFamily(
        "edgewright_request_cpu_seconds", "CPU time of a request's isolate", labels=("worker",)
    )
    cold = CounterMetricFamily(
        "edgewright_cold_requests",
        "Requests that waited for their Worker to be loaded",
        labels=("worker",),
    )
    subrequests = CounterMetricFamily(
        "edgewright_subrequests",
        'Subrequests, by kind ("fetch", "service") and result (a class of status, or "error" …)',
        labels=("worker", "kind", "result"),
    )
    cache = CounterMetricFamily(
        "edgewright_cache_requests",
        "Subrequests that the cache had a say in, by CF-Cache-Status",
        labels=("worker", "status"),
    )
    operations = CounterMetricFamily(
        "edgewright_binding_operations",
        "What was asked of bindings, as KV",
        labels=("worker", "binding", "method", "result"),
    )
    for worker, counts in workers.items():
        for key, count in counts.requests.items():
            requests.add_metric((worker, *key), count)
        wall.add_metric((worker,), *_histogram(counts.wall, counts.wall_ms, WALL_BOUNDS))
        cpu.add_metric((worker,), *_histogram(counts.cpu, counts.cpu_ms, CPU_BOUNDS))
        cold.add_metric((worker,), counts.cold)
        for key, count in counts.subrequests.items():
            subrequests.add_metric((worker, *key), count)
        for status, count in counts.cache.items():
            cache.add_metric((worker, status), count)
        for key, count in counts.operations.items():
            operations.add_metric((worker, *key), count)
    yield from (requests, wall, cpu, cold, subrequests, cache, operations)


def _of_limits(workers: dict[str, Counts]) -> Iterator[Metric]:
    hit = CounterMetricFamily(
        "edgewright_limits_exceeded",
        "Requests that went over a limit, by its name (docs/limits.md)",
        labels=("worker", "limit"),
    )
    shed = CounterMetricFamily(
        "edgewright_shed_requests",
        'Requests that were not begun: "overload", or "rate", a rule of the Worker',
        labels=("worker", "reason"),
    )
    for worker, counts in workers.items():
        for limit, count in counts.limits.items():
            hit.add_metric((worker, limit), count)
        for outcome, reason in (("loadShed", "overload"), ("rateLimited", "rate")):
            count = sum(n for (each, _), n in counts.requests.items() if each == outcome)
            if count:
                shed.add_metric((worker, reason), count)
    yield from (hit, shed)


def _of_isolates(gateways: Sequence[GatewayFigures], sums: Sums) -> Iterator[Metric]:
    labels = ("worker",)
    isolates = GaugeMetricFamily("edgewright_isolates", "Loaded isolates", labels=labels)
    memory = GaugeMetricFamily(
        "edgewright_isolate_memory_bytes",
        "The isolates' share of what their processes use",
        labels=labels,
    )
    in_flight = GaugeMetricFamily(
        "edgewright_requests_in_flight", "Requests that have not ended", labels=labels
    )
    waiting = GaugeMetricFamily(
        "edgewright_requests_waiting",
        "Requests that wait for their Worker to be loaded",
        labels=labels,
    )
    queue = GaugeMetricFamily(
        "edgewright_queue_seconds",
        "What a new request would have to wait for others' turns: the longest of all gateways",
        labels=labels,
    )
    version_info = GaugeMetricFamily(
        "edgewright_worker_info", "1 for the version in service", labels=("worker", "version")
    )
    starts = CounterMetricFamily(
        "edgewright_isolate_starts", "Isolates that were loaded: cold starts", labels=labels
    )
    found: dict[str, list[float]] = {}
    versions: set[tuple[str, str]] = set()
    for state in (state for gateway in gateways for state in gateway.node.workers):
        total = found.setdefault(state.worker, [0.0] * 5)
        for at, value in enumerate((state.isolates, state.memory, state.in_flight, state.waiting)):
            total[at] += value
        total[4] = max(total[4], state.queue_ms / 1000)
        versions.add((state.worker, state.version))
    gauges = (isolates, memory, in_flight, waiting, queue)
    for worker, values in found.items():
        for gauge, value in zip(gauges, values, strict=True):
            gauge.add_metric((worker,), value)
    for key in sorted(versions):
        version_info.add_metric(key, 1)
    for worker, count in sums.isolate_starts.items():
        starts.add_metric((worker,), count)
    yield from (*gauges, version_info, starts)


def _of_node(
    settings: AdminSettings, restarts: int, gateways: Sequence[GatewayFigures], sums: Sums
) -> Iterator[Metric]:
    nodes = [gateway.node for gateway in gateways]
    build = GaugeMetricFamily("edgewright_build_info", "1", labels=("version",))
    build.add_metric((version("edgewright"),), 1)
    yield build
    dropped = CounterMetricFamily(
        "edgewright_dropped_events",
        "What could not be told, by whom it was for",
        labels=("destination",),
    )
    for destination, count in sums.dropped.items():
        dropped.add_metric((destination,), count)
    yield dropped
    for name, text, value in (
        ("start_time_seconds", "When the server started, since 1970", settings.started),
        ("gateways", "Gateway processes", len(gateways)),
        ("hosts", "Processes with isolates", sum(node.hosts for node in nodes)),
        ("memory_bytes", "What these use", sum(node.memory for node in nodes)),
        (
            "memory_limit_bytes",
            "From where on idle isolates are evicted",
            sum(node.memory_limit for node in nodes),
        ),
    ):
        yield GaugeMetricFamily(f"edgewright_{name}", text, value)
    for name, text, count in (
        ("gateway_restarts", "Gateway processes that were replaced", restarts),
        ("host_starts", "Host processes that were started", sums.host_starts),
        ("host_deaths", "Host processes that died, or were no good", sums.host_deaths),
        ("isolate_evictions", "Isolates that were given up for want of memory", sums.evictions),
    ):
        yield CounterMetricFamily(f"edgewright_{name}", text, count)


def _histogram(
    counts: dict[int, int], sum_ms: float, bounds: Sequence[float]
) -> tuple[list[tuple[str, float]], float]:
    """Cumulative buckets in seconds, and the sum."""
    edges = [bucket_of(bound) for bound in bounds]
    assert all(BOUNDS[edge] == bound for edge, bound in zip(edges, bounds, strict=True))
    buckets: list[tuple[str, float]] = []
    for edge, bound in zip(edges, bounds, strict=True):
        below = sum(count for bucket, count in counts.items() if bucket <= edge)
        buckets.append((f"{bound / 1000:g}", below))
    buckets.append(("+Inf", sum(counts.values())))
    return buckets, sum_ms / 1000
