"""What all gateways of a server have counted, those that have ended included."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from edgewright.observe.counts import Counts
from edgewright.observe.figures import GatewayFigures

Version = tuple[str, str]
"""A Worker's name, and which version of it."""


@dataclass(slots=True)
class Sums:
    """Of several gateways."""

    workers: dict[Version, Counts] = field(default_factory=dict[Version, Counts])
    isolate_starts: Counter[str] = field(default_factory=Counter[str])
    evictions: int = 0
    host_starts: int = 0
    host_deaths: int = 0
    dropped: Counter[str] = field(default_factory=Counter[str])

    def add(self, figures: GatewayFigures) -> None:
        for each in figures.workers:
            counts = self.workers.setdefault((each.worker, each.version), Counts())
            counts.add(Counts.of(each))
        self.isolate_starts.update(figures.node.isolate_starts)
        self.evictions += figures.node.evictions
        self.host_starts += figures.node.host_starts
        self.host_deaths += figures.node.host_deaths
        self.dropped.update(figures.dropped)

    def copy(self) -> Sums:
        """One that can be added to."""
        workers = {version: Counts() for version in self.workers}
        for version, counts in self.workers.items():
            workers[version].add(counts)
        return Sums(
            workers,
            self.isolate_starts.copy(),
            self.evictions,
            self.host_starts,
            self.host_deaths,
            self.dropped.copy(),
        )
