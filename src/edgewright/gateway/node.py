"""The node: Workers, their isolates and the hosts that these live in."""

from __future__ import annotations

import asyncio
import secrets
import socket
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import msgspec

from edgewright.bindings.binding import Binding
from edgewright.bindings.bindings import Bindings
from edgewright.bindings.rate_limit.rules import RateRules
from edgewright.build import WorkerBundle, format_load_error
from edgewright.cache.memory import CACHE_MEMORY, MemoryStore
from edgewright.cache.node_cache import NodeCache
from edgewright.cache.store import Store
from edgewright.config.limits import Limits
from edgewright.gateway.active import ActiveRequest, WorkerFailure, unheard_record
from edgewright.gateway.casualties import Ending, Guard
from edgewright.gateway.census import Census
from edgewright.gateway.errors import Overloaded, UnknownWorker
from edgewright.gateway.hosts import HostError, HostPool, Sandbox
from edgewright.gateway.isolate import Isolate
from edgewright.gateway.memory import MemoryBound
from edgewright.gateway.responses import response_headers
from edgewright.gateway.services import Services
from edgewright.gateway.surroundings import Surroundings
from edgewright.messages import Request, Response
from edgewright.observe.records import Observer, Outcome, Silent, WorkerError
from edgewright.observe.trace import Tracing
from edgewright.origin import parse_origin
from edgewright.outside.service import OutsideService
from edgewright.protocol.framing import HEAD, MAX_COMMANDS, FrameError, encode_frame
from edgewright.protocol.messages import AssetHead, Load, Loaded, LoadError
from edgewright.secrets.masking import mask_of
from edgewright.subrequest.client import SubrequestClient, SubrequestError
from edgewright.subrequest.dial import Outbound

_LOAD_TIMEOUT = 15.0
"""Seconds until an isolate that says nothing is given up together with its host, which has stopped
the Worker's code before that."""

_MOST_WAITING = 1000
"""Requests that wait for their Worker to be loaded."""

_LOOK_EVERY = 0.5
"""Seconds between two looks for isolates that hang and requests that take too long."""


class StartupError(Exception):
    """A Worker could not be loaded; `error` says why, and the message where, with the source."""

    def __init__(self, bundle: WorkerBundle, error: LoadError) -> None:
        super().__init__(format_load_error(bundle, error))
        self.bundle = bundle
        self.error = error


@dataclass(slots=True, eq=False)
class _Worker:
    """A deployed version of a Worker, and its isolate once it has one."""

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
    ) -> None:
        self.outside: Mapping[str, OutsideService] = outside or {}
        self.tracing = tracing or Tracing()
        self._most = most
        self._bindings = Bindings(None) if bindings is None else bindings
        self._observer = observer or Silent()
        self._upstream = None if upstream is None else parse_origin(upstream)
        self._live_clock = live_clock
        self._watch_promises = watch_promises
        self._workers: dict[str, _Worker] = {}
        self._isolates: set[Isolate] = set()
        self._hosts = HostPool(sandbox, standby=standby, cpus=host_cpus)
        self._memory = MemoryBound(memory_mb)
        self.census = Census(self._workers, self._hosts, self._memory)
        self._client = SubrequestClient(outbound)
        store = MemoryStore(CACHE_MEMORY) if cache is None else cache
        self._cache = NodeCache(store, self._client.network)
        self._to_origin = SubrequestClient(Outbound.ANY)
        self._name = f"edgewright-{secrets.token_hex(4)}"
        self._tasks: set[asyncio.Task[None]] = set()
        self._closed = False
        self._look: asyncio.TimerHandle | None = None
        self._waiting = 0
        self._idle = asyncio.Event()
        self._idle.set()

    async def start(self) -> None:
        """Starts a host with spare isolates for the first Worker to take. Raises HostError."""
        await self._hosts.warm()

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
        worker = _Worker(replace(bundle, limits=bundle.limits.capped(self._most)), bindings, rules)
        worker.version = bundle.version
        if eager:
            try:
                await self._load(worker)
            except BaseException:
                worker.retired = True  # Its isolate may come yet, when it is the caller who left.
                raise
        previous = self._workers.get(bundle.name)
        self._workers[bundle.name] = worker
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
                raise self._shed(name, request, worker.guard.pause or 1.0)
            return None
        if worker.isolate.overloaded:
            raise self._shed(name, request, 1.0)
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
                await self._load(worker)
            active = worker.isolate.start(request, depth)
            active.waited_since(came)
            return active
        except StartupError as error:
            thrown = error.error
            failure = WorkerFailure(
                Outcome.EXCEPTION, WorkerError(thrown.name, thrown.message, thrown.stack)
            )
            self._observer.request_finished(failure.record(name, request))
            raise failure from error
        finally:
            worker.waiting -= 1
            self._waiting -= 1
            self._look_idle(worker)

    def _shed(self, name: str, request: Request, retry_after: float) -> Overloaded:
        error = WorkerError("Error", "The Worker is overloaded.", "")
        failure = WorkerFailure(Outcome.LOAD_SHED, error)
        self._observer.request_finished(failure.record(name, request))
        return Overloaded(retry_after)

    async def pass_through(self, active: ActiveRequest) -> Response | None:
        """The origin's response to a request whose Worker failed; None where there is none: no
        origin, no body to send to it any more, or it leads back to us."""
        request = active.request
        if self._upstream is None or not active.body_is_whole or self._was_here(request):
            return None
        path = request.url.split("://", 1)[1].partition("/")[2]
        try:
            upstream = await self._to_origin.fetch(
                request.method,
                f"{self._upstream}/{path}",
                [*request.headers, "cdn-loop", self._name],
                request.body,
                "manual",
            )
            headers = response_headers(upstream.headers, head=request.method == "HEAD")
        except (SubrequestError, ValueError):
            return None
        return Response(
            upstream.status, headers, upstream.body, upstream.status_text, upstream.websocket
        )

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
        self._closed = True
        if self._look is not None:
            self._look.cancel()
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        for isolate in list(self._isolates):
            isolate.close()
        await self._hosts.close()
        await self._cache.close()
        await self._client.close()
        await self._to_origin.close()
        await self._bindings.close()

    def _worker(self, name: str) -> _Worker:
        try:
            return self._workers[name]
        except KeyError:
            raise UnknownWorker(f"There is no Worker named {name!r} here.") from None

    def _was_here(self, request: Request) -> bool:
        """Whether this node has passed the request on before (RFC 8586)."""
        names, values = request.headers[::2], request.headers[1::2]
        return any(
            name == "cdn-loop" and self._name in value
            for name, value in zip(names, values, strict=True)
        )

    async def _load(self, worker: _Worker) -> None:
        """Gives the Worker an isolate. Raises StartupError and HostError."""
        loading = self._loading(worker)
        try:
            await asyncio.shield(loading)
        except asyncio.CancelledError:
            if loading.cancelled():  # by close(), and not whoever waits here
                raise HostError("The gateway is stopping.") from None
            raise

    def _loading(self, worker: _Worker) -> asyncio.Task[None]:
        """Shared by all who wait for it, and nobody's leaving stops it."""
        if worker.loading is None:
            # A task, as timeouts need one, and the server's coroutines run in none.
            worker.loading = asyncio.get_running_loop().create_task(self._new_isolate(worker))
            worker.loading.add_done_callback(self._was_loaded)
            self._tasks.add(worker.loading)
        return worker.loading

    def _was_loaded(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled():
            task.exception()  # seen: those who wait for it have it, and they may all have left

    async def _new_isolate(self, worker: _Worker) -> None:
        try:
            isolate = worker.isolate = await self._start_isolate(worker)
        finally:
            worker.loading = None
        self._isolates.add(isolate)
        self.census.isolate_starts[worker.bundle.name] += 1
        # A crowd of new ones must not wait for the next look: each makes room for itself.
        self._memory.evict(self._hosts.hosts, self._isolates, most=1)
        if self._look is None:
            self._look = asyncio.get_running_loop().call_later(_LOOK_EVERY, self._look_around)
        self._look_idle(worker)

    async def _start_isolate(self, worker: _Worker) -> Isolate:
        host, connection = await self._hosts.open_isolate(
            alone=worker.bundle.name if worker.guard.alone else None
        )
        bundle = worker.bundle
        limits = bundle.limits
        load = Load(
            bundle.main,
            bundle.modules,
            list(bundle.services),
            {**bundle.vars, **bundle.secrets},
            bundle.classic,
            limits.startup_cpu_ms,
            limits.cpu_ms,
            limits.memory_mb,
            self._live_clock,
            self._watch_promises,
            bundle.flags,
            {name: binding.kind for name, binding in worker.bindings.items()},
            limits.websocket_message_mb << 20,
            [
                AssetHead(specifier, asset.kind, len(asset.content), asset.imports)
                for specifier, asset in bundle.assets.items()
            ],
        )
        blob = b"".join(asset.content for asset in bundle.assets.values())
        try:
            loaded = await asyncio.wait_for(_load_worker(connection, load, blob), _LOAD_TIMEOUT)
            error, worker.entrypoints = loaded.error, loaded.entrypoints
        except TimeoutError:
            error = LoadError("Error", "The Worker's global scope ran for too long.")
            self._hosts.kill(host, lost=True)
        except (OSError, FrameError, msgspec.DecodeError, ValueError, RecursionError) as cause:
            error = LoadError("Error", f"The isolate's process ended while loading: {cause}")
            self._hosts.kill(host, lost=True)
        except BaseException:
            connection.close()
            host.isolates -= 1
            raise
        mask = mask_of(bundle.secrets)
        if error is not None:
            connection.close()
            host.isolates -= 1
            error = msgspec.structs.replace(
                error, message=mask(error.message), stack=mask(error.stack)
            )
            raise StartupError(bundle, error)

        def ended(ending: Ending) -> None:
            host.isolates -= 1
            self._isolates.discard(isolate)
            if ending.crashed:
                worker.guard.crashed()
            if ending.process:
                self._hosts.kill(host, lost=True)
            if worker.isolate is isolate:
                worker.isolate = None
                ready = not worker.retired and not self._closed and not worker.guard.pause
                if isolate.used and ready and not ending.wanted and not ending.crashed:
                    # It was lost: the next request needs another. (One that nobody had asked
                    # anything would be lost again, and again. And the guilty must not be there
                    # before its neighbours: it would have the process that stands by for itself.)
                    self._loading(worker)
            for active in ending.moved:
                self._move(worker, active)
            for active in ending.suspects:
                self._move(worker, active, careful=True)

        around = Surroundings(
            bundle.name,
            limits,
            self._client,
            self._observer,
            Services(bundle.name, bundle.services, self),
            self._cache.of(bundle.name),
            worker.bindings,
            self.tracing,
            mask,
            worker.version,
        )
        isolate = Isolate(
            around,
            connection,
            on_idle=lambda: self._look_idle(worker),
            on_end=ended,
            inmates=host.inmates,
        )
        return isolate

    def _look_around(self) -> None:
        """Ends what hangs, what is late, and what there is no room for."""
        for isolate in [isolate for isolate in self._isolates if isolate.hangs]:
            isolate.give_up()
        for isolate in list(self._isolates):
            isolate.stop_late()
        self._memory.evict(self._hosts.hosts, self._isolates)
        self._hosts.trim()
        again = self._isolates or self._hosts.surplus()
        loop = asyncio.get_running_loop()
        self._look = loop.call_later(_LOOK_EVERY, self._look_around) if again else None

    def _move(self, worker: _Worker, active: ActiveRequest, *, careful: bool = False) -> None:
        """Hands a request whose isolate ended to the Worker's next one; where `careful`, not
        together with others of its kind."""
        worker.waiting += 1
        self._waiting += 1
        begin = self._begin_alone if careful else self._begin_anew
        task = asyncio.get_running_loop().create_task(begin(worker, active))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _begin_alone(self, worker: _Worker, active: ActiveRequest) -> None:
        async with worker.one_by_one:
            await self._begin_anew(worker, active)
            told = asyncio.Event()
            active.head.listen(lambda _: told.set())
            await told.wait()

    async def _begin_anew(self, worker: _Worker, active: ActiveRequest) -> None:
        try:
            while worker.isolate is None:
                if worker.guard.pause:
                    raise HostError("The Worker ends its process again and again.")
                await self._load(worker)
            if active.outcome is Outcome.CANCELED:  # by its client, meanwhile
                raise HostError("The client has disconnected.")
            worker.isolate.adopt(active)
        except (StartupError, HostError) as error:
            failure = WorkerFailure(Outcome.INTERNAL_ERROR, WorkerError("Error", str(error), ""))
            if active.outcome is Outcome.OK:
                active.outcome, active.error = failure.outcome, failure.error
            active.head.tell(failure)
            self._observer.request_finished(active.record(worker.bundle.name, worker.version))
        finally:
            worker.waiting -= 1
            self._waiting -= 1
            self._look_idle(worker)

    def _look_idle(self, worker: _Worker) -> None:
        """Nothing may be left to do: for a Worker that was replaced, or for all."""
        isolate = worker.isolate
        if worker.retired and not worker.waiting and isolate is not None and not isolate.busy:
            isolate.close()
        if not self._waiting and not any(isolate.busy for isolate in self._isolates):
            self._idle.set()


async def _load_worker(connection: socket.socket, load: Load, blob: bytes) -> Loaded:
    loop = asyncio.get_running_loop()
    await loop.sock_sendall(connection, encode_frame(msgspec.json.encode(load), blob))
    json_size, _, _ = HEAD.unpack(await _receive(connection, HEAD.size))
    if json_size > MAX_COMMANDS:
        raise FrameError(f"a frame of {json_size} bytes was announced")
    return msgspec.json.decode(await _receive(connection, json_size), type=Loaded)


async def _receive(connection: socket.socket, size: int) -> bytes:
    """So many bytes and no more: what follows is for the isolate's channel."""
    loop = asyncio.get_running_loop()
    data = bytearray()
    while len(data) < size:
        more = await loop.sock_recv(connection, size - len(data))
        if not more:
            raise ConnectionError("it closed the connection")
        data += more
    return bytes(data)
