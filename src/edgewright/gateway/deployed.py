"""A Worker that was put into service."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

from edgewright.bindings.binding import Binding
from edgewright.bindings.rate_limit.rules import RateRules
from edgewright.build import WorkerBundle
from edgewright.gateway.casualties import Guard
from edgewright.gateway.isolate import Isolate


@dataclass(slots=True, eq=False)
class DeployedWorker:
    """A version of a Worker, and its isolate once it has one."""

    bundle: WorkerBundle
    bindings: dict[str, Binding]
    rules: RateRules | None = None
    isolate: Isolate | None = None
    entrypoints: list[str] = field(default_factory=list[str])
    """Which of its exports can be called; known once it has had an isolate."""
    loading: asyncio.Task[None] | None = None
    waiting: int = 0
    """Requests that wait for the isolate."""
    retired: bool = False
    version: str = ""
    guard: Guard = field(default_factory=Guard)
    one_by_one: asyncio.Lock = field(default_factory=asyncio.Lock)
    """Requests that may have ended a process begin again one after the other."""
