"""The node: Workers, their isolates and the hosts that these live in."""

from __future__ import annotations

import asyncio
import socket
from dataclasses import dataclass, field

import msgspec

from edgewright.build.bundle import WorkerBundle
from edgewright.gateway.active import ActiveRequest, WorkerFailure
from edgewright.gateway.hosts import Host, HostPool
from edgewright.gateway.isolate import Isolate
from edgewright.messages import BodyError, Request, Response
from edgewright.observe.records import Observer, Outcome, Silent, WorkerError
from edgewright.protocol.framing import FrameDecoder, FrameError, encode_frame
from edgewright.protocol.messages import Load, Loaded, LoadError
from edgewright.subrequest.client import SubrequestClient, SubrequestError


class StartupError(Exception):
    """A Worker could not be loaded; `error` says why."""

    def __init__(self, bundle: WorkerBundle, error: LoadError) -> None:
        super().__init__(f"{bundle.name}: {error.name}: {error.message}")
        self.bundle = bundle
        self.error = error


class UnknownWorker(LookupError):
    """No Worker of this name is deployed."""


@dataclass(slots=True, eq=False)
class _Worker:
    """A deployed version of a Worker, and its isolate once it has one."""

    bundle: WorkerBundle
    isolate: Isolate | None = None
    retired: bool = False
    starting: asyncio.Lock = field(default_factory=asyncio.Lock)


class Node:
    """Runs Workers in the current event loop.

    `observer` is told of requests and console lines. `upstream` is the origin behind the Workers
    (`http://host:port`), where a request goes whose Worker failed after
    `passThroughOnException()`.
    """

    def __init__(self, *, observer: Observer | None = None, upstream: str | None = None) -> None:
        self._observer = observer or Silent()
        self._upstream = upstream
        self._workers: dict[str, _Worker] = {}
        self._isolates: set[Isolate] = set()
        self._hosts = HostPool()
        self._client = SubrequestClient()
        self._idle = asyncio.Event()
        self._idle.set()

    async def start(self) -> None:
        """Starts a host with spare isolates for the first Worker to take. Raises HostError."""
        await self._hosts.warm()

    async def deploy(self, bundle: WorkerBundle, *, eager: bool = True) -> None:
        """Puts a Worker into service, in place of an earlier version of the same name, which
        finishes what it has begun.

        An eager one is loaded now, which raises StartupError when it can't be; otherwise with its
        first request. Raises HostError.
        """
        worker = _Worker(bundle)
        if eager:
            worker.isolate = await self._load(worker)
        previous = self._workers.get(bundle.name)
        self._workers[bundle.name] = worker
        if previous is not None:
            self._retire(previous)

    def bundle(self, name: str) -> WorkerBundle:
        """The version of a Worker that is in service. Raises UnknownWorker."""
        return self._worker(name).bundle

    async def begin(self, name: str, request: Request) -> tuple[Isolate, ActiveRequest]:
        """Hands a request to a Worker; the response is in the ActiveRequest's `head`.

        Raises UnknownWorker, WorkerFailure, HostError.
        """
        worker = self._worker(name)
        isolate = worker.isolate
        if isolate is None:
            isolate = await self._isolate(worker)
        self._idle.clear()
        return isolate, isolate.start(request)

    async def pass_through(self, isolate: Isolate, active: ActiveRequest) -> Response | None:
        """The origin's response to a request whose Worker failed; None where there is none."""
        request = active.request
        if self._upstream is None:
            return None
        path = request.url.split("://", 1)[1].partition("/")[2]
        try:
            body = isolate.take_body(active)
            upstream = await self._client.fetch(
                request.method, f"{self._upstream}/{path}", request.headers, body, "manual"
            )
        except (SubrequestError, BodyError):
            return None
        return Response(upstream.status, upstream.headers, upstream.body, upstream.status_text)

    async def drain(self, deadline: float) -> bool:
        """Waits until no request is in flight, for `deadline` seconds at most; whether so."""
        try:
            await asyncio.wait_for(self._idle.wait(), deadline)
        except TimeoutError:
            return False
        return True

    async def close(self) -> None:
        """Ends everything at once; see drain() for an end in peace."""
        for isolate in list(self._isolates):
            isolate.close()
        self._isolates.clear()
        await self._hosts.close()
        await self._client.close()

    def _worker(self, name: str) -> _Worker:
        try:
            return self._workers[name]
        except KeyError:
            raise UnknownWorker(f"There is no Worker named {name!r} here.") from None

    async def _isolate(self, worker: _Worker) -> Isolate:
        """The Worker's isolate; a new one where it has none (any more)."""
        async with worker.starting:
            if worker.isolate is None:
                try:
                    worker.isolate = await self._load(worker)
                except StartupError as error:
                    thrown = error.error
                    raise WorkerFailure(
                        Outcome.EXCEPTION, WorkerError(thrown.name, thrown.message, thrown.stack)
                    ) from error
            return worker.isolate

    async def _load(self, worker: _Worker) -> Isolate:
        host, connection = await self._hosts.open_isolate()
        bundle = worker.bundle
        load = Load(bundle.main, bundle.modules, bundle.vars, bundle.classic)
        try:
            error = await _load_worker(connection, load)
        except (OSError, FrameError, msgspec.DecodeError) as cause:
            error = LoadError("Error", f"The isolate's process ended while loading: {cause}")
        if error is not None:
            connection.close()
            host.isolates -= 1
            raise StartupError(bundle, error)
        isolate = Isolate(
            bundle.name,
            connection,
            self._client,
            self._observer,
            on_idle=lambda: self._became_idle(worker, host),
            on_gone=lambda: self._lost(worker, host),
        )
        self._isolates.add(isolate)
        return isolate

    def _retire(self, worker: _Worker) -> None:
        worker.retired = True
        if worker.isolate is not None and not worker.isolate.busy:
            worker.isolate.close()
            self._isolates.discard(worker.isolate)

    def _became_idle(self, worker: _Worker, host: Host) -> None:
        isolate = worker.isolate
        if worker.retired and isolate is not None:
            isolate.close()
            self._isolates.discard(isolate)
            host.isolates -= 1
        if not any(isolate.busy for isolate in self._isolates):
            self._idle.set()

    def _lost(self, worker: _Worker, host: Host) -> None:
        """The isolate ended by itself: the next request gets a new one."""
        host.isolates -= 1
        if worker.isolate is not None:
            self._isolates.discard(worker.isolate)
            worker.isolate = None


async def _load_worker(connection: socket.socket, load: Load) -> LoadError | None:
    loop = asyncio.get_running_loop()
    await loop.sock_sendall(connection, encode_frame(msgspec.json.encode(load)))
    decoder = FrameDecoder()
    while data := await loop.sock_recv(connection, 1 << 16):
        for json, _, _ in decoder.feed(data):
            return msgspec.json.decode(json, type=Loaded).error
    raise ConnectionError("it closed the connection")
