"""What DevTools can look at: a Worker, whichever isolate has it at the time."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from edgewright.build import WorkerBundle
from edgewright.gateway.inspector.link import Link


@dataclass(frozen=True, slots=True, eq=False)
class Target:
    """An isolate with the version of a Worker that is in service."""

    link: Link
    bundle: WorkerBundle


class Targets:
    """By the Worker's name."""

    def __init__(self) -> None:
        self._targets: dict[str, Target] = {}
        self._changed = asyncio.Event()

    def put(self, name: str, target: Target) -> None:
        """A Worker is in another isolate than before."""
        self._targets[name] = target
        self._changed.set()
        self._changed = asyncio.Event()

    def names(self) -> list[str]:
        return list(self._targets)

    def get(self, name: str) -> Target | None:
        return self._targets.get(name)

    async def other(self, name: str, than: Target | None) -> Target:
        """Waits until the Worker is in another isolate than `than`."""
        while True:
            target = self._targets.get(name)
            if target is not None and target is not than:
                return target
            await self._changed.wait()
