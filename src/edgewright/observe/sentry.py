"""Exceptions of Workers to Sentry, by its own SDK.

The SDK is used as a client and no more: no integration of it looks at this process, and what is
sent is made here. Secrets are left out: headers and URLs are as in tail events (tail_event.py), and
a Worker's secrets are masked before anything gets here.

https://develop.sentry.dev/sdk/data-model/event-payloads/
"""

from __future__ import annotations

import logging
import queue
import re
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self
from urllib.parse import urlsplit

import sentry_sdk
from sentry_sdk.transport import HttpTransport
from sentry_sdk.utils import BadDsn

from edgewright.build.bundle import WorkerBundle
from edgewright.observe.records import LogLine, RequestRecord
from edgewright.observe.stack import Sources
from edgewright.observe.tail_event import redacted_headers, redacted_url
from edgewright.observe.trace import Trace

MOST_WAITING = 100
"""Exceptions that wait to be sent."""

MOST_BREADCRUMBS = 100
_LONGEST = 2000
"""Characters of a message that are sent."""
PATIENCE = 2.0
"""Seconds for what is left, at the end."""

_FRAME = re.compile(
    r"^\s*at (?:(?:async )?(.*?) \()?"
    r"((?:worker|node|cloudflare|edgewright):[^()]*?):(\d+):(\d+)\)?$"
)
_SECRET = re.compile(
    r"((?:^|[?&])[^=&#]*(?:auth|key|secret|token|jwt|password)[^=&#]*=)[^&#]*", re.IGNORECASE
)
_LEVELS = {"warn": "warning", "log": "info"}

log = logging.getLogger(__name__)


class SentryObserver:
    """An Observer. `bundles` are the Workers that are in service, by their names."""

    def __init__(self, dsn: str, environment: str) -> None:
        """Raises ValueError where the DSN is none."""
        self.bundles: Mapping[str, WorkerBundle] = {}
        self._dropped = 0
        try:
            self._client = sentry_sdk.Client(
                dsn=dsn,
                transport=_CountingTransport,
                environment=environment,
                default_integrations=False,
                auto_enabling_integrations=False,
                auto_session_tracking=False,
                max_breadcrumbs=MOST_BREADCRUMBS,
                shutdown_timeout=PATIENCE,
            )
        except BadDsn as error:
            raise ValueError(f"the Sentry DSN is none: {error}") from error
        self._waiting: queue.SimpleQueue[_Failed | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._run, name="sentry", daemon=True)

    @property
    def dropped(self) -> int:
        """Exceptions that Sentry has not been told of, and won't be."""
        transport = self._client.transport
        lost = transport.dropped if isinstance(transport, _CountingTransport) else 0
        return self._dropped + lost

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Sends what waits."""
        self._waiting.put(None)
        self._thread.join(PATIENCE)
        self._client.close(timeout=PATIENCE)

    def request_finished(self, record: RequestRecord) -> None:
        if record.error is None:
            return
        if self._waiting.qsize() >= MOST_WAITING:
            self._dropped += 1
            return
        self._waiting.put(_Failed(record, time.time(), self.bundles.get(record.worker)))

    def logged(self, line: LogLine) -> None: ...

    def _run(self) -> None:
        while (failed := self._waiting.get()) is not None:
            try:
                self._client.capture_event(event_of(failed))  # pyright: ignore[reportArgumentType]
            except Exception:
                log.exception("An exception could not be sent to Sentry.")


class _CountingTransport(HttpTransport):
    """The SDK drops what it has no room for, what Sentry refuses, and what doesn't get there."""

    dropped = 0

    def on_dropped_event(self, _reason: str) -> None:
        self.dropped += 1


@dataclass(frozen=True, slots=True)
class _Failed:
    """A request that failed."""

    record: RequestRecord
    at: float
    """Seconds since 1970."""
    bundle: WorkerBundle | None


def event_of(failed: _Failed) -> dict[str, Any]:
    """Sentry's event."""
    record, trace = failed.record, failed.record.trace
    error = record.error
    assert error is not None
    url = urlsplit(_shown(record.url))
    sources = (
        Sources() if failed.bundle is None else Sources(failed.bundle.sources, failed.bundle.files)
    )
    exception: dict[str, Any] = {
        "type": error.name,
        "value": error.message[:_LONGEST],
        "mechanism": {"type": "edgewright", "handled": False},
    }
    if frames := _frames(error.stack, sources):
        exception["stacktrace"] = {"frames": frames}
    event: dict[str, Any] = {
        "timestamp": failed.at,
        "platform": "javascript",
        "level": "error",
        "transaction": f"{record.method} {url.path or '/'}",
        "exception": {"values": [exception]},
        "request": {
            "method": record.method,
            "url": f"{url.scheme}://{url.netloc}{url.path}",
            "query_string": url.query,
            "headers": {} if trace is None else redacted_headers(trace.headers),
        },
        "tags": {"worker": record.worker, "outcome": record.outcome.value},
        "sdk": {"name": "edgewright"},
    }
    if failed.bundle is not None:
        event["release"] = f"{record.worker}@{failed.bundle.version}"
    if record.ray:
        event["tags"]["ray"] = record.ray
    if trace is not None:
        event["contexts"] = {"trace": {"trace_id": trace.id, "span_id": f"{trace.span_id:016x}"}}
        event["breadcrumbs"] = {"values": _breadcrumbs(trace)}
    return event


def _frames(stack: str, sources: Sources) -> list[dict[str, Any]]:
    """The oldest first."""
    frames: list[dict[str, Any]] = []
    for line in stack.splitlines():
        found = _FRAME.match(line)
        if found is None:
            continue
        function, specifier, number, column = found.groups()
        frame: dict[str, Any] = {
            "function": function or "?",
            "filename": specifier.removeprefix("worker:/"),
            "lineno": int(number),
            "colno": int(column),
            "in_app": specifier.startswith("worker:") and "node_modules/" not in specifier,
        }
        if excerpt := sources.excerpt(f"{specifier}:{number}:{column}"):
            texts = [(each.number, each.text) for each in excerpt.lines]
            frame["pre_context"] = [text for at, text in texts if at < int(number)]
            frame["context_line"] = next(text for at, text in texts if at == int(number))
            frame["post_context"] = [text for at, text in texts if at > int(number)]
        frames.append(frame)
    return frames[::-1]


def _breadcrumbs(trace: Trace) -> list[dict[str, Any]]:
    """What it logged and asked for, in the order in which it did; the last ones."""
    crumbs: list[dict[str, Any]] = [
        {
            "type": "default",
            "category": "console",
            "level": _LEVELS.get(line.level, line.level),
            "message": line.message[:_LONGEST],
            "timestamp": at + trace.epoch,
        }
        for at, line in trace.logs
    ]
    for fetch in trace.fetches.values():
        data: dict[str, Any] = {"method": fetch.method, "url": _shown(fetch.url)}
        if fetch.status:
            data["status_code"] = fetch.status
        if fetch.error:
            data["reason"] = fetch.error
        crumbs.append(
            {
                "type": "http",
                "category": "fetch",
                "level": "error" if fetch.error else "info",
                "data": data,
                "timestamp": fetch.asked + trace.epoch,
            }
        )
    return sorted(crumbs, key=lambda crumb: crumb["timestamp"])[-MOST_BREADCRUMBS:]


def _shown(url: str) -> str:
    """Without what looks like a secret, or is called one."""
    return _SECRET.sub(r"\1REDACTED", redacted_url(url))
