"""What is counted of the requests to one version of a Worker; added up, compared, and sent."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Self

import msgspec


class Figures(msgspec.Struct, kw_only=True, omit_defaults=True):
    """Counts as a gateway's ask socket says them. Only what there is any of is said."""

    worker: str
    version: str
    requests: list[tuple[str, str, int]] = []
    wall: dict[int, int] = {}
    wall_ms: float = 0.0
    cpu: dict[int, int] = {}
    cpu_ms: float = 0.0
    subrequests: list[tuple[str, str, int]] = []
    operations: list[tuple[str, str, str, int]] = []
    cache: dict[str, int] = {}
    limits: dict[str, int] = {}
    cold: int = 0


@dataclass(slots=True)
class Counts:
    """Of requests that have ended."""

    requests: Counter[tuple[str, str]] = field(default_factory=Counter[tuple[str, str]])
    """By outcome and class of status ("2xx" …, "none")."""
    wall: Counter[int] = field(default_factory=Counter[int])
    """How many took how long, by bucket; see observe/histogram.py."""
    wall_ms: float = 0.0
    cpu: Counter[int] = field(default_factory=Counter[int])
    cpu_ms: float = 0.0
    subrequests: Counter[tuple[str, str]] = field(default_factory=Counter[tuple[str, str]])
    """By "fetch" or "service"; and by class of status, "ok" (a call of a method), "error" or
    "canceled"."""
    operations: Counter[tuple[str, str, str]] = field(default_factory=Counter[tuple[str, str, str]])
    """By binding, method, and "ok" or "error"."""
    cache: Counter[str] = field(default_factory=Counter[str])
    """Subrequests by CF-Cache-Status."""
    limits: Counter[str] = field(default_factory=Counter[str])
    """Requests that went over a limit, by its name."""
    cold: int = 0
    """Requests that waited for their Worker to be loaded."""

    def add(self, other: Counts) -> None:
        self.requests.update(other.requests)
        self.wall.update(other.wall)
        self.wall_ms += other.wall_ms
        self.cpu.update(other.cpu)
        self.cpu_ms += other.cpu_ms
        self.subrequests.update(other.subrequests)
        self.operations.update(other.operations)
        self.cache.update(other.cache)
        self.limits.update(other.limits)
        self.cold += other.cold

    def since(self, before: Counts) -> Counts:
        """What has come after `before`, which is an earlier state of the same."""
        return Counts(
            self.requests - before.requests,
            self.wall - before.wall,
            self.wall_ms - before.wall_ms,
            self.cpu - before.cpu,
            self.cpu_ms - before.cpu_ms,
            self.subrequests - before.subrequests,
            self.operations - before.operations,
            self.cache - before.cache,
            self.limits - before.limits,
            self.cold - before.cold,
        )

    @property
    def total(self) -> int:
        """All requests."""
        return self.requests.total()

    def figures(self, worker: str, version: str) -> Figures:
        return Figures(
            worker=worker,
            version=version,
            requests=[(*key, count) for key, count in self.requests.items()],
            wall=self.wall,
            wall_ms=self.wall_ms,
            cpu=self.cpu,
            cpu_ms=self.cpu_ms,
            subrequests=[(*key, count) for key, count in self.subrequests.items()],
            operations=[(*key, count) for key, count in self.operations.items()],
            cache=self.cache,
            limits=self.limits,
            cold=self.cold,
        )

    @classmethod
    def of(cls, figures: Figures) -> Self:
        return cls(
            Counter({(outcome, status): n for outcome, status, n in figures.requests}),
            Counter(figures.wall),
            figures.wall_ms,
            Counter(figures.cpu),
            figures.cpu_ms,
            Counter({(kind, result): n for kind, result, n in figures.subrequests}),
            Counter({(name, method, result): n for name, method, result, n in figures.operations}),
            Counter(figures.cache),
            Counter(figures.limits),
            figures.cold,
        )
