"""What the admin port answers to `GET /api/overview` and `GET /api/requests`, as JSON.

A single request, `GET /api/requests/ID`, is a RequestDetail (observe/views.py), and each event of
`GET /api/events` a RequestSummary. docs/observability.md has them all.
"""

from __future__ import annotations

import msgspec

from edgewright.observe.views import RequestSummary


class Quantiles(msgspec.Struct, frozen=True):
    """Milliseconds; None where there was no request."""

    p50: float | None = None
    p95: float | None = None
    p99: float | None = None


class Series(msgspec.Struct, frozen=True, kw_only=True):
    """Points that are `seconds` apart, the last of which ended `until`: what happened in each."""

    seconds: float
    until: float
    requests: list[int]
    errors: list[int]
    p50_ms: list[float | None]
    """Wall time; None where there was no request."""
    p99_ms: list[float | None]
    cpu_ms: list[float]
    """CPU time of all requests together."""


class WorkerOverview(msgspec.Struct, frozen=True, kw_only=True):
    """One version of a Worker, in the last `window_seconds`."""

    worker: str
    version: str
    """8 hex digits of its content's hash."""
    current: bool
    """It is the one in service."""
    requests: int
    rate: float
    """Requests per second."""
    errors: int
    """Requests whose outcome is neither "ok" nor that the client left."""
    outcomes: dict[str, int]
    statuses: dict[str, int]
    """By class: "2xx" …, and "none" where no response was sent."""
    wall_ms: Quantiles
    cpu_ms: Quantiles
    subrequests_per_request: float
    operations_per_request: float
    """What was asked of bindings, as KV."""
    cache: dict[str, int]
    """Subrequests by cache status: "HIT", "MISS" …"""
    cache_hit_ratio: float | None
    """Of those that could have been answered by the cache."""
    cold_starts: int
    isolates: int
    """Now."""
    memory_bytes: int
    """Now: its isolates' share of what their processes use."""
    total_requests: int
    """Since the server started."""
    total_errors: int
    series: Series


class NodeOverview(msgspec.Struct, frozen=True, kw_only=True):
    """All gateways of this server together, now; counts are since it started."""

    edgewright: str
    """Its version."""
    dev: bool
    started: float
    uptime_seconds: float
    gateways: int
    gateway_restarts: int
    hosts: int
    """Processes with isolates."""
    host_restarts: int
    """Of those that have died."""
    isolates: int
    memory_bytes: int
    memory_limit_bytes: int
    evictions: int
    """Isolates that were given up for want of memory."""
    waiting: int
    """Requests that wait for their Worker to be loaded."""
    in_flight: int


class Overview(msgspec.Struct, frozen=True, kw_only=True):
    """`GET /api/overview[?window=SECONDS]`"""

    now: float
    window_seconds: float
    """Less than was asked for where the server has not been running for so long."""
    node: NodeOverview
    total: WorkerOverview
    """All Workers together; `worker` and `version` are empty."""
    workers: list[WorkerOverview]
    """Those that had a request since the server started, or are in service; by name."""


class RequestPage(msgspec.Struct, frozen=True, kw_only=True):
    """`GET /api/requests[?worker=&outcome=&search=&before=&limit=]`"""

    requests: list[RequestSummary]
    """Newest first."""
    next: str | None
    """To be given as `before`, for those before these; None where there are no more."""


class ApiError(msgspec.Struct, frozen=True):
    """With any status above 399."""

    error: str
    """A sentence for the person."""
