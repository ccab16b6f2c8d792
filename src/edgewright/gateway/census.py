"""How many isolates and hosts a gateway has, what they use, and how many there were."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from edgewright.gateway.casualties import Inmate
from edgewright.gateway.hosts import HostPool
from edgewright.gateway.memory import MemoryBound, private_bytes
from edgewright.observe.figures import NodeState, WorkerState


class CountedIsolate(Inmate, Protocol):
    """An isolate, as far as this file is concerned."""

    @property
    def in_flight(self) -> int: ...

    @property
    def wait(self) -> float: ...


class CountedWorker(Protocol):
    """A Worker that is in service, likewise."""

    @property
    def version(self) -> str: ...

    @property
    def waiting(self) -> int: ...

    @property
    def isolate(self) -> CountedIsolate | None: ...


class Census:
    """Of one node: it looks when it is asked."""

    def __init__(
        self,
        workers: Mapping[str, CountedWorker],
        starts: Mapping[str, int],
        hosts: HostPool,
        memory: MemoryBound,
    ) -> None:
        """`starts` are of isolates, by Worker."""
        self._workers = workers
        self._hosts = hosts
        self._memory = memory
        self._starts = starts

    def take(self) -> NodeState:
        states: list[WorkerState] = []
        used = {id(host): private_bytes(host.process.pid) for host in self._hosts.hosts}
        for name, worker in self._workers.items():
            state = WorkerState(worker=name, version=worker.version, waiting=worker.waiting)
            if (isolate := worker.isolate) is not None:
                state.isolates = 1
                state.in_flight = isolate.in_flight
                state.queue_ms = round(isolate.wait * 1000, 3)
                for host in self._hosts.hosts:
                    if isolate in host.inmates:
                        state.memory = used[id(host)] // len(host.inmates)
            states.append(state)
        return NodeState(
            workers=states,
            hosts=len(self._hosts.hosts),
            memory=sum(used.values()),
            memory_limit=self._memory.bytes,
            isolate_starts=dict(self._starts),
            evictions=self._memory.evictions,
            host_starts=self._hosts.starts,
            host_deaths=self._hosts.deaths,
        )
