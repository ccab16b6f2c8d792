"""Whether traces are sent to a collector, and exceptions to Sentry: decided before the libraries
for that are loaded."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from edgewright.observe.trace import Tracing

if TYPE_CHECKING:
    from edgewright.observe.otlp import OtlpObserver
    from edgewright.observe.sentry import SentryObserver

_ENDPOINTS = ("OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT")


class ExportError(Exception):
    """Nothing can be sent as is asked for; the message is for the person."""


def start_export(tracing: Tracing) -> OtlpObserver | None:
    """An observer to be entered, if a collector is named. Raises ExportError."""
    if not any(os.environ.get(name) for name in _ENDPOINTS):
        return None
    try:
        # A third of a second and 20 MB, which only those pay who want it.
        from edgewright.observe import otlp
    except ImportError as error:
        raise ExportError(
            "OTEL_EXPORTER_OTLP_ENDPOINT is set, but OpenTelemetry's exporter is not installed: "
            "pip install 'edgewright[otlp]'"
        ) from error
    if not otlp.is_wanted(os.environ):
        return None
    try:
        otlp.configure(tracing, os.environ)
    except ValueError as error:
        raise ExportError(str(error)) from error
    tracing.keep_on()
    return otlp.OtlpObserver()


def start_sentry(dsn: str | None, tracing: Tracing, *, dev: bool) -> SentryObserver | None:
    """An observer to be entered, if there is a DSN. Raises ExportError."""
    if not dsn:
        return None
    try:
        from edgewright.observe import sentry
    except ImportError as error:
        raise ExportError(
            "there is a Sentry DSN, but its SDK is not installed: pip install 'edgewright[sentry]'"
        ) from error
    environment = os.environ.get("SENTRY_ENVIRONMENT") or ("development" if dev else "production")
    try:
        observer = sentry.SentryObserver(dsn, environment)
    except ValueError as error:
        raise ExportError(str(error)) from error
    tracing.keep_on()
    return observer
