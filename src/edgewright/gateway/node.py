"""The node: Workers in service, and the requests that they are given."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace

from edgewright.bindings.bindings import Bindings
from edgewright.bindings.rate_limit.rules import RateRules
from edgewright.build import WorkerBundle
from edgewright.cache.node_cache import NodeCache
from edgewright.cache.opening import open_store
from edgewright.cache.store import Store
from edgewright.config.limits import Limits
from edgewright.gateway.active import ActiveRequest, WorkerFailure, unheard_record
from edgewright.gateway.casualties import Ending
from edgewright.gateway.census import Census
from edgewright.gateway.deployed import DeployedWorker
from edgewright.gateway.errors import Overloaded, UnknownWorker
from edgewright.gateway.hosts import HostError, HostPool, Sandbox
from edgewright.gateway.inspector.targets import Targets
from edgewright.gateway.isolates import Isolates
from edgewright.gateway.loading import StartupError
from edgewright.gateway.memory import MemoryBound
from edgewright.gateway.origin import Origin
from edgewright.gateway.services import Services
from edgewright.gateway.surroundings import Surroundings
from edgewright.gateway.tail_workers import TailWorkers
from edgewright.messages import Request
from edgewright.observe.records import Observer, Outcome, Silent, WorkerError
from edgewright.observe.trace import Tracing
from edgewright.outside.service import OutsideService
from edgewright.secrets.masking import Mask
from edgewright.subrequest.client import SubrequestClient
from edgewright.subrequest.dial import Outbound

_MOST_WAITING = 1000
"""Requests that wait for their Worker to be loaded."""


class Node:
    """Runs Workers in the current event loop.

    `observer` is told of requests and console lines. `upstream` is the origin behind the Workers
    (`http://host:port`), where a request goes whose Worker failed after
    `passThroughOnException()`. No Worker gets more than `most`. With `live_clock`, time passes
    while code runs; with `watch_promises`, a hung request tells where it waits.
    `outbound` says what Workers may reach; the upstream is the operator's choice,
    wherever it is. `sandbox` is how the processes that run Workers lock themselves in. With
    `standby`, one that has started waits for the end of another. With more than `memory_mb` in use
    by all isolates together (half of the machine's memory, if it is not given) idle ones are given
    up, until their Worker is asked for again. Each host is bound to one of `host_cpus`, if any are
    given. `bindings` has the state that Workers share (in memory, if it is not given), and `cache`
    their responses (likewise); both end with the node. `tracing` says whether requests are traced.
    Where there are `targets`, DevTools may look at the isolates, which are put there.
    Raises ValueError where `upstream` is no origin, or `memory_mb` not above 0.
    """

    def __init__(
        self,
        *,
        observer: Observer | None = None,
        upstream: str | None = None,
        most: Limits | None = None,
        live_clock: bool = False,
        watch_promises: bool = False,
        outbound: Outbound = Outbound.ANY,
        sandbox: Sandbox = "auto",
        standby: bool = False,
        memory_mb: int | None = None,
        bindings: Bindings | None = None,
        tracing: Tracing | None = None,
        cache: Store | None = None,
        outside: Mapping[str, OutsideService] | None = None,
        host_cpus: Sequence[int] = (),
        targets: Targets | None = None,
    ) -> None:
        self.outside: Mapping[str, OutsideService] = outside or {}
        self.tracing = tracing or Tracing()
        self.origin = Origin(upstream)
        self._most = most
        self._bindings = Bindings(None) if bindings is None else bindings
        self._observer = observer or Silent()
        self._tails = TailWorkers(self, self._observer, on_idle=self._look_all_idle)
        self._workers: dict[str, DeployedWorker] = {}
        self._hosts = HostPool(
            sandbox, standby=standby, cpus=host_cpus, inspected=targets is not None
        )
        memory = MemoryBound(memory_mb)
        self._isolates = Isolates(
            self._hosts,
            memory,
            self._surroundings,
            live_clock=live_clock,
            watch_promises=watch_promises,
            targets=targets,
            on_idle=self._look_idle,
            on_end=self._isolate_ended,
        )
        self.census = Census(self._workers, self._isolates.starts, self._hosts, memory)
        self._client = SubrequestClient(outbound)
        store = open_store(None) if cache is None else cache
        self._cache = NodeCache(store, self._client.network)
        self._tasks: set[asyncio.Task[None]] = set()
        self._waiting = 0
        self._idle = asyncio.Event()
        self._idle.set()

    async def start(self) -> None:
        """Starts a host with spare isolates for the first Worker to take. Raises HostError."""
        await self._hosts.warm()

    @property
    def tail_events_dropped(self) -> int:
        return self._tails.dropped

    @property
    def missing_layers(self) -> dict[str, str]:
        """What the sandbox does without on this machine, and why; known once a host runs."""
        hosts = self._hosts.hosts
        return hosts[0].missing if hosts else {}

    async def deploy(self, bundle: WorkerBundle, *, eager: bool = True) -> None:
        """Puts a Worker into service, in place of an earlier version of the same name, which
        finishes what it has begun.

        An eager one is loaded now, which raises StartupError when it can't be; otherwise with its
        first request. Raises HostError, and StateError where its bindings have no place.
        """
        bindings = self._bindings.of(bundle.bindings)
        rules = self._bindings.rules(bundle.name, bundle.rate_rules)
        worker = DeployedWorker(
            replace(bundle, limits=bundle.limits.capped(self._most)), bindings, rules
        )
        worker.version = bundle.version
        if eager:
            try:
                await self._isolates.load(worker)
            except BaseException:
                worker.retired = True  # Its isolate may come yet, when it is the caller who left.
                raise
        previous = self._workers.get(bundle.name)
        self._workers[bundle.name] = worker
        self._tails.deployed(bundle.name, bundle.tail_consumers)
        if previous is not None:
            previous.retired = True
            if previous.isolate is not None:
                previous.isolate.go_away()
            self._look_idle(previous)

    def limits(self, name: str) -> Limits:
        """Those of the version that is in service. Raises UnknownWorker."""
        return self._worker(name).bundle.limits

    def version(self, name: str) -> str:
        """Which one is in service; empty where there is none."""
        worker = self._workers.get(name)
        return "" if worker is None else worker.version

    def bundle(self, name: str) -> WorkerBundle:
        """The version of a Worker that is in service. Raises UnknownWorker."""
        return self._worker(name).bundle

    def entrypoints(self, name: str) -> list[str]:
        """What a loaded Worker exports that can be called. Raises UnknownWorker."""
        return self._worker(name).entrypoints

    def rate_rules(self, name: str) -> RateRules | None:
        """What a Worker's requests have to pass first."""
        worker = self._workers.get(name)
        return None if worker is None else worker.rules

    def rate_limited(self, name: str, request: Request) -> None:
        """A request did not pass."""
        self._observer.request_finished(unheard_record(name, request, 429, Outcome.RATE_LIMITED))

    def begin_at_once(self, name: str, request: Request, depth: int = 1) -> ActiveRequest | None:
        """As begin(), if the Worker is loaded; None if it isn't. Raises UnknownWorker and
        Overloaded."""
        worker = self._worker(name)
        if worker.isolate is None:
            if worker.waiting >= _MOST_WAITING or worker.guard.pause:
                raise self._shed(worker, request, worker.guard.pause or 1.0)
            return None
        if worker.isolate.overloaded:
            raise self._shed(worker, request, 1.0)
        self._idle.clear()
        return worker.isolate.start(request, depth)

    async def begin(self, name: str, request: Request, depth: int = 1) -> ActiveRequest:
        """Hands a request to a Worker; the response is in the ActiveRequest's `head`.

        Raises UnknownWorker, Overloaded, WorkerFailure, HostError.
        """
        if (active := self.begin_at_once(name, request, depth)) is not None:
            return active
        worker = self._worker(name)
        came = time.perf_counter()
        self._idle.clear()
        worker.waiting += 1
        self._waiting += 1
        try:
            while worker.isolate is None:
                await self._isolates.load(worker)
            active = worker.isolate.start(request, depth)
            active.waited_since(came)
            return active
        except StartupError as error:
            thrown = error.error
            failure = WorkerFailure(
                Outcome.EXCEPTION, WorkerError(thrown.name, thrown.message, thrown.stack)
            )
            self._never_begun(worker, request, failure, came)
            raise failure from error
        finally:
            worker.waiting -= 1
            self._waiting -= 1
            self._look_idle(worker)

    def _shed(self, worker: DeployedWorker, request: Request, retry_after: float) -> Overloaded:
        error = WorkerError("Error", "The Worker is overloaded.", "")
        failure = WorkerFailure(Outcome.LOAD_SHED, error)
        self._never_begun(worker, request, failure)
        return Overloaded(retry_after)

    def _never_begun(
        self, worker: DeployedWorker, request: Request, failure: WorkerFailure, came: float = 0.0
    ) -> None:
        """Tells of a request that got to no isolate; `came` is since when it had waited for one."""
        bundle, trace = worker.bundle, None
        if self.tracing.on:
            trace = self.tracing.begin(bundle.name, request, bundle.limits)
            trace.cold_from = came
            trace.end(failure.status, failure.outcome, failure.error, 0, [])
        observer = self._tails.observer(bundle.tail_consumers)
        observer.request_finished(failure.record(bundle.name, request, trace))

    async def drain(self, deadline: float) -> bool:
        """Waits until no request is in flight, for `deadline` seconds at most; whether so."""
        if self._idle.is_set():  # wait_for() would not look when there is no time
            return True
        try:
            await asyncio.wait_for(self._idle.wait(), deadline)
        except TimeoutError:
            return False
        return True

    async def close(self) -> None:
        """Ends everything at once; see drain() for an end in peace."""
        self._tails.close()
        await self._isolates.close()
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await self._cache.close()
        await self._client.close()
        await self.origin.close()
        await self._bindings.close()

    def _worker(self, name: str) -> DeployedWorker:
        try:
            return self._workers[name]
        except KeyError:
            raise UnknownWorker(f"There is no Worker named {name!r} here.") from None

    def _surroundings(self, worker: DeployedWorker, mask: Mask) -> Surroundings:
        bundle = worker.bundle
        return Surroundings(
            bundle.name,
            bundle.limits,
            self._client,
            self._tails.observer(bundle.tail_consumers),
            Services(bundle.name, bundle.services, self),
            self._cache.of(bundle.name),
            worker.bindings,
            self.tracing,
            mask,
            worker.version,
        )

    def _isolate_ended(self, worker: DeployedWorker, ending: Ending) -> None:
        for active in ending.moved:
            self._move(worker, active)
        for active in ending.suspects:
            self._move(worker, active, careful=True)

    def _move(
        self, worker: DeployedWorker, active: ActiveRequest, *, careful: bool = False
    ) -> None:
        """Hands a request whose isolate ended to the Worker's next one; where `careful`, not
        together with others of its kind."""
        worker.waiting += 1
        self._waiting += 1
        begin = self._begin_alone if careful else self._begin_anew
        task = asyncio.get_running_loop().create_task(begin(worker, active))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _begin_alone(self, worker: DeployedWorker, active: ActiveRequest) -> None:
        async with worker.one_by_one:
            await self._begin_anew(worker, active)
            told = asyncio.Event()
            active.head.listen(lambda _: told.set())
            await told.wait()

    async def _begin_anew(self, worker: DeployedWorker, active: ActiveRequest) -> None:
        try:
            while worker.isolate is None:
                if worker.guard.pause:
                    raise HostError("The Worker ends its process again and again.")
                await self._isolates.load(worker)
            if active.outcome is Outcome.CANCELED:  # by its client, meanwhile
                raise HostError("The client has disconnected.")
            worker.isolate.adopt(active)
        except (StartupError, HostError) as error:
            failure = WorkerFailure(Outcome.INTERNAL_ERROR, WorkerError("Error", str(error), ""))
            if active.outcome is Outcome.OK:
                active.outcome, active.error = failure.outcome, failure.error
            active.head.tell(failure)
            if active.trace is not None:
                active.end_trace(active.trace, [])
            self._observer.request_finished(active.record(worker.bundle.name, worker.version))
        finally:
            worker.waiting -= 1
            self._waiting -= 1
            self._look_idle(worker)

    def _look_idle(self, worker: DeployedWorker) -> None:
        """Nothing may be left to do: for a Worker that was replaced, or for all."""
        isolate = worker.isolate
        if worker.retired and not worker.waiting and isolate is not None and not isolate.busy:
            isolate.close()
        self._look_all_idle()

    def _look_all_idle(self) -> None:
        busy = self._waiting or any(isolate.busy for isolate in self._isolates.running)
        if not busy and not self._tails.waiting:
            self._idle.set()
