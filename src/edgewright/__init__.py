"""Edgewright: a self-hosted edge runtime for Workers.

The command line is `edgewright`; in a Python program, start with `Worker`.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from edgewright.build import BuildError
    from edgewright.client_websocket import WebSocket, WebSocketClosed
    from edgewright.config import ConfigError
    from edgewright.config.limits import Limits
    from edgewright.gateway.hosts import HostError
    from edgewright.gateway.loading import StartupError
    from edgewright.observe.records import (
        LogLine,
        Observer,
        Outcome,
        Recorder,
        RequestRecord,
        WorkerError,
    )
    from edgewright.worker import Response, Worker, WorkerException

__all__ = [
    "BuildError",
    "ConfigError",
    "HostError",
    "Limits",
    "LogLine",
    "Observer",
    "Outcome",
    "Recorder",
    "RequestRecord",
    "Response",
    "StartupError",
    "WebSocket",
    "WebSocketClosed",
    "Worker",
    "WorkerError",
    "WorkerException",
]

# An isolate host is a process of its own that must start fast and stay small, and importing any
# module of the package runs this file: so each name is imported when it is first asked for.
_HOMES = {
    "BuildError": "edgewright.build",
    "ConfigError": "edgewright.config",
    "HostError": "edgewright.gateway.hosts",
    "Limits": "edgewright.config.limits",
    "LogLine": "edgewright.observe.records",
    "Observer": "edgewright.observe.records",
    "Outcome": "edgewright.observe.records",
    "Recorder": "edgewright.observe.records",
    "RequestRecord": "edgewright.observe.records",
    "Response": "edgewright.worker",
    "StartupError": "edgewright.gateway.loading",
    "WebSocket": "edgewright.client_websocket",
    "WebSocketClosed": "edgewright.client_websocket",
    "Worker": "edgewright.worker",
    "WorkerError": "edgewright.observe.records",
    "WorkerException": "edgewright.worker",
}


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)
