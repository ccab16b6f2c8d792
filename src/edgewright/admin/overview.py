"""From counts to what the dashboard shows: rates, quantiles and shares of a while."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping, Sequence
from importlib.metadata import version

from edgewright.admin.api import NodeOverview, Overview, Quantiles, Series, WorkerOverview
from edgewright.admin.history import History
from edgewright.admin.settings import AdminSettings
from edgewright.admin.sums import Sums, Version
from edgewright.observe.counts import Counts
from edgewright.observe.figures import GatewayFigures, WorkerState
from edgewright.observe.histogram import quantile
from edgewright.observe.records import FINE

MOST_STEPS = 60
"""Of a series."""

LONGEST_WINDOW = 3600.0

_HITS = ("HIT", "STALE", "UPDATING", "REVALIDATED")
_MISSES = ("MISS", "EXPIRED")


def overview(
    settings: AdminSettings,
    restarts: int,
    gateways: Sequence[GatewayFigures],
    sums: Sums,
    history: History,
    window: float,
) -> Overview:
    """`restarts` is of gateways."""
    now = time.time()
    node = _node(settings, restarts, gateways, sums, now)
    window = max(1.0, min(window, LONGEST_WINDOW, node.uptime_seconds))
    recent = history.window(window, now)
    states = _states(gateways)
    seconds, steps = history.series(window, now, MOST_STEPS)

    def one(key: Version) -> WorkerOverview:
        counts = recent.get(key, Counts())
        series = _series([step.get(key) for step in steps], seconds, now)
        total = sums.workers.get(key, Counts())
        return _worker(key, counts, total, states.get(key, []), window, series)

    everything, all_time = _together(recent.values()), _together(sums.workers.values())
    series = _series([_together(step.values()) for step in steps], seconds, now)
    every_state = [state for group in states.values() for state in group]
    total = _worker(("", ""), everything, all_time, every_state, window, series)
    return Overview(
        now=now,
        window_seconds=window,
        node=node,
        total=total,
        workers=[one(key) for key in sorted(sums.workers.keys() | states.keys())],
    )


def _worker(
    key: Version,
    counts: Counts,
    all_time: Counts,
    states: Sequence[WorkerState],
    window: float,
    series: Series,
) -> WorkerOverview:
    outcomes: dict[str, int] = {}
    statuses: dict[str, int] = {}
    for (outcome, status), count in counts.requests.items():
        outcomes[outcome] = outcomes.get(outcome, 0) + count
        statuses[status] = statuses.get(status, 0) + count
    hits = sum(counts.cache[each] for each in _HITS)
    asked = hits + sum(counts.cache[each] for each in _MISSES)
    requests = counts.total
    return WorkerOverview(
        worker=key[0],
        version=key[1],
        current=bool(states),
        requests=requests,
        rate=requests / window,
        errors=_errors(counts),
        outcomes=outcomes,
        statuses=statuses,
        wall_ms=_quantiles(counts.wall),
        cpu_ms=_quantiles(counts.cpu),
        subrequests_per_request=counts.subrequests.total() / requests if requests else 0.0,
        operations_per_request=counts.operations.total() / requests if requests else 0.0,
        cache=dict(counts.cache),
        cache_hit_ratio=hits / asked if asked else None,
        cold_starts=counts.cold,
        isolates=sum(state.isolates for state in states),
        memory_bytes=sum(state.memory for state in states),
        total_requests=all_time.total,
        total_errors=_errors(all_time),
        series=series,
    )


def _node(
    settings: AdminSettings,
    restarts: int,
    gateways: Sequence[GatewayFigures],
    sums: Sums,
    now: float,
) -> NodeOverview:
    nodes = [gateway.node for gateway in gateways]
    states = [state for node in nodes for state in node.workers]
    return NodeOverview(
        edgewright=version("edgewright"),
        dev=settings.dev,
        started=settings.started,
        uptime_seconds=max(0.0, now - settings.started),
        gateways=len(gateways),
        gateway_restarts=restarts,
        hosts=sum(node.hosts for node in nodes),
        host_restarts=sums.host_deaths,
        isolates=sum(state.isolates for state in states),
        memory_bytes=sum(node.memory for node in nodes),
        memory_limit_bytes=sum(node.memory_limit for node in nodes),
        evictions=sums.evictions,
        waiting=sum(state.waiting for state in states),
        in_flight=sum(state.in_flight for state in states),
    )


def _states(gateways: Sequence[GatewayFigures]) -> dict[Version, list[WorkerState]]:
    """Of the versions that are in service, one for each gateway."""
    found: dict[Version, list[WorkerState]] = {}
    for gateway in gateways:
        for state in gateway.node.workers:
            found.setdefault((state.worker, state.version), []).append(state)
    return found


def _series(steps: Sequence[Counts | None], seconds: float, now: float) -> Series:
    counts = [step or Counts() for step in steps]
    return Series(
        seconds=seconds,
        until=now,
        requests=[each.total for each in counts],
        errors=[_errors(each) for each in counts],
        p50_ms=[_rounded(quantile(each.wall, 0.5)) for each in counts],
        p99_ms=[_rounded(quantile(each.wall, 0.99)) for each in counts],
        cpu_ms=[round(each.cpu_ms, 3) for each in counts],
    )


def _together(counts: Iterable[Counts]) -> Counts:
    total = Counts()
    for each in counts:
        total.add(each)
    return total


def _errors(counts: Counts) -> int:
    return sum(count for (outcome, _), count in counts.requests.items() if outcome not in FINE)


def _quantiles(counts: Mapping[int, int]) -> Quantiles:
    return Quantiles(*(_rounded(quantile(counts, part)) for part in (0.5, 0.95, 0.99)))


def _rounded(milliseconds: float | None) -> float | None:
    return None if milliseconds is None else round(milliseconds, 3)
