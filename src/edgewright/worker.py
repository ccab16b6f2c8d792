"""Run a Worker inside a Python program, and ask it things."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import msgspec
from multidict import CIMultiDict, CIMultiDictProxy

from edgewright import messages
from edgewright.bindings.binding import StateError
from edgewright.bindings.bindings import Bindings
from edgewright.build import BuildError, WorkerBundle, build_bundle
from edgewright.cache.opening import CACHE_DISK_MB, CACHE_MEMORY_MB, open_store
from edgewright.client_websocket import WebSocket
from edgewright.config import ConfigError, WorkerConfig, load_config
from edgewright.config.limits import Limits
from edgewright.gateway.active import ActiveRequest, WorkerFailure
from edgewright.gateway.asgi import ASGIApp, AsgiApp
from edgewright.gateway.census import Census
from edgewright.gateway.dispatch import Dispatcher, Handler
from edgewright.gateway.errors import Overloaded
from edgewright.gateway.hosts import HostError, Sandbox
from edgewright.gateway.inspector.targets import Targets
from edgewright.gateway.loading import StartupError
from edgewright.gateway.node import Node
from edgewright.gateway.routes import Router
from edgewright.messages import Body, Request, chunks, read_all
from edgewright.observe.records import Observer, Outcome
from edgewright.observe.trace import Tracing
from edgewright.outside.service import outside_service
from edgewright.secrets.resolve import resolve_secrets
from edgewright.subrequest.dial import Outbound
from edgewright.wiring import check_entrypoints, check_wiring

Headers = Mapping[str, str] | Sequence[tuple[str, str]]

LOADING_ERRORS = (ConfigError, BuildError, StartupError, HostError, StateError)
"""Why a Worker can't be started or reloaded. The message is for the person, and may have several
lines."""


class WorkerException(Exception):
    """A Worker's handler threw, or was stopped."""

    def __init__(self, outcome: Outcome, name: str, message: str, stack: str) -> None:
        super().__init__(f"{name}: {message}")
        self.outcome = outcome
        """`Outcome.EXCEPTION`, or which limit it went over."""
        self.name = name
        """The JavaScript error's name, such as "TypeError"."""
        self.message = message
        self.stack = stack
        """The JavaScript stack trace."""


@dataclass(slots=True)
class Response:
    """A Worker's response. Its body can be read once: whole, or bit by bit with `async for`."""

    status: int
    headers: CIMultiDictProxy[str]
    """Any case will do; `headers.getall("set-cookie")` gives every value."""
    _body: bytes | Body | None
    websocket: WebSocket | None = None
    """What there is to speak on, where the Worker has answered an `upgrade` with one (status
    101)."""

    async def bytes(self) -> bytes:
        """The whole body."""
        body = await read_all(self._body)
        self._body = body
        return body

    async def text(self) -> str:
        """The whole body as UTF-8; what is malformed becomes U+FFFD, as in JavaScript."""
        return (await self.bytes()).decode("utf-8", "replace")

    async def json(self) -> Any:
        """The whole body as JSON. Raises ValueError where it is none."""
        return json.loads(await self.bytes())

    def __aiter__(self) -> AsyncIterator[bytes]:
        return chunks(self._body)


@dataclass(frozen=True, slots=True)
class Version:
    """A Worker as it was configured and built."""

    config: WorkerConfig
    bundle: WorkerBundle


class Worker:
    """A Worker in an isolate, driven from the running event loop.

        async with Worker("worker.js", env={"GREETING": "hello"}) as worker:
            response = await worker.fetch("http://example.com/")
            print(response.status, await response.text())

    `path` is what `edgewright serve` takes: a JavaScript module, or a folder or file with a
    wrangler configuration. `others` are the paths of Workers that its service bindings lead to, or
    theirs; `services` are what else these lead to, by name: an ASGI application, "asgi:module:app"
    or the URL of an origin. `env` adds to the configuration's `vars` and wins over them, and so
    does `limits` with its limits, as in `limits={"cpu_ms": 200}`;
    `most` caps them. `observer` is told
    of finished requests and console lines. `upstream` is the origin for `passThroughOnException()`,
    as `http://host:port`. `live_clock` lets clocks run while code runs; else they show when the
    event came that is being handled, as on the platform. With `watch_promises`, a hung request
    tells where its code waits, and promises are ten times as slow.

    For code that isn't yours: with `outbound="public"` it reaches no private address. `sandbox` is
    how the processes that run it lock themselves in: with every layer or not at all ("require"),
    with those that the machine has ("auto"), or not ("off"). With `standby`, a second process waits
    for the end of the first, which is then replaced at once. `memory_mb` is what its isolates may
    use together before idle ones are given up: half of the machine's memory, if it is not given.
    Each of those processes is bound to one of `host_cpus`, in turn, where any are given.

    `state` is the folder that KV, secrets and the like are kept in; without one there are no
    secrets, and the rest is in memory, and ends with it. The caches have room for `cache_memory_mb`
    in memory and for `cache_disk_mb` in that folder. `environment` is the one of the configuration
    that is meant (`env.NAME`), for all Workers: what the variable CLOUDFLARE_ENV says, if it is not
    given, and "" is the top level. `dev` is for the person who writes the
    Worker: secrets come from `.dev.vars` or `.env`, and namespaces with a `preview_id` are others.

    With `tracing=Tracing(on=True)`, the records that the observer gets have a `trace`.

    Entering raises one of LOADING_ERRORS when the Worker can't be started; ValueError where
    `upstream` is no origin, a limit is none, a cache has no room, or `outbound` is neither.
    """

    def __init__(
        self,
        path: str | Path,
        *,
        others: Sequence[str | Path] = (),
        services: Mapping[str, str | ASGIApp] | None = None,
        env: Mapping[str, Any] | None = None,
        limits: Mapping[str, int] | None = None,
        most: Limits | None = None,
        observer: Observer | None = None,
        upstream: str | None = None,
        live_clock: bool = False,
        watch_promises: bool = False,
        outbound: str = "any",
        sandbox: Sandbox = "auto",
        standby: bool = False,
        memory_mb: int | None = None,
        state: str | Path | None = None,
        tracing: Tracing | None = None,
        dev: bool = False,
        host_cpus: Sequence[int] = (),
        environment: str | None = None,
        cache_memory_mb: int = CACHE_MEMORY_MB,
        cache_disk_mb: int = CACHE_DISK_MB,
        targets: Targets | None = None,
    ) -> None:
        self.paths = [Path(path), *map(Path, others)]
        self._env = dict(env or {})
        self._limits = dict(limits or {})
        self._state = None if state is None else Path(state)
        self._dev = dev
        self._environment = environment
        self._outside = {
            name: outside_service(name, target) for name, target in (services or {}).items()
        }
        self._node = Node(
            outside=self._outside,
            observer=observer,
            upstream=upstream,
            most=most,
            live_clock=live_clock,
            watch_promises=watch_promises,
            outbound=Outbound(outbound),
            sandbox=sandbox,
            standby=standby,
            memory_mb=memory_mb,
            tracing=tracing,
            bindings=Bindings(self._state, preview=dev),
            cache=open_store(self._state, cache_memory_mb, cache_disk_mb),
            host_cpus=host_cpus,
            targets=targets,
        )
        self._versions: list[Version] = []

    @property
    def config(self) -> WorkerConfig:
        """What the version that is in service was configured with."""
        return self.versions[0].config

    @property
    def missing_layers(self) -> dict[str, str]:
        """Layers of the sandbox that this machine lacks, and why (docs/security.md). With
        `sandbox="require"` a Worker does not start where there are any."""
        return self._node.missing_layers

    @property
    def census(self) -> Census:
        """Counts its isolates, and those of the `others`."""
        return self._node.census

    @property
    def tail_events_dropped(self) -> int:
        """What tail Workers should have been told and were not."""
        return self._node.tail_events_dropped

    def version_of(self, name: str) -> str:
        """Which version of a Worker is in service, as 8 hex digits; empty where there is none."""
        return self._node.version(name)

    @property
    def bundle(self) -> WorkerBundle:
        """The version that is in service."""
        return self.versions[0].bundle

    @property
    def versions(self) -> list[Version]:
        """What is in service: of this Worker, and of the `others`."""
        if not self._versions:
            raise RuntimeError("The Worker has not been started: use `async with Worker(…)`.")
        return self._versions

    async def __aenter__(self) -> Self:
        try:
            for service in self._outside.values():
                await service.open()
            await self.reload()
        except BaseException:
            await self._close()
            raise
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self._close()

    async def _close(self) -> None:
        await self._node.close()
        for service in self._outside.values():
            await service.close()

    async def reload(self) -> bool:
        """Reads the code again and, where anything has changed, puts it into service; requests in
        flight finish in the old version. Whether there is a new one.

        Raises one of LOADING_ERRORS, and then the old version stays.
        """
        versions = await asyncio.to_thread(self._build)
        running = {version.bundle.name: version.bundle for version in self._versions}
        changed = [v.bundle for v in versions if running.get(v.bundle.name) != v.bundle]
        for bundle in changed:
            await self._node.deploy(bundle)
        try:
            bundles = [version.bundle for version in versions]
            check_entrypoints(bundles, self._outside, self._node.entrypoints)
        except ConfigError:
            for version in self._versions:
                await self._node.deploy(version.bundle)
            raise
        self._versions = versions
        return bool(changed)

    async def fetch(
        self,
        url: str,
        *,
        method: str = "GET",
        headers: Headers = (),
        body: bytes | str | None = None,
    ) -> Response:
        """Hands a request to the Worker and gives its response, once that has begun.

        Raises WorkerException when the Worker gives none, ValueError for a URL or headers that
        HTTP has no way to send. Cancelling it is the client's leaving.
        """
        if isinstance(body, str):
            body = body.encode()
        url.encode()  # raises for lone surrogates
        request = Request(method.upper(), url, _flat(headers), body)
        try:
            try:
                active = await self._node.begin(self.bundle.name, request)
            except Overloaded as error:
                outcome = Outcome.LOAD_SHED
                raise WorkerException(outcome, "Error", str(error), "") from None
            try:
                response = await self._response(active)
            except asyncio.CancelledError:
                active.client_gone()
                raise
        except WorkerFailure as failure:
            error = failure.error
            raise WorkerException(failure.outcome, error.name, error.message, error.stack) from None
        flat = response.headers
        pairs = CIMultiDict(zip(flat[::2], flat[1::2], strict=True))
        socket = None if response.websocket is None else WebSocket(response.websocket)
        return Response(response.status, CIMultiDictProxy(pairs), response.body, socket)

    async def _response(self, active: ActiveRequest) -> messages.Response:
        """Raises WorkerFailure."""
        try:
            return await active.head.wait()
        except WorkerFailure as failure:
            origin = await self._node.origin.pass_through(active) if failure.pass_through else None
            if origin is None:
                raise
            return origin

    async def drain(self, deadline: float = 30.0) -> bool:
        """Waits until nothing is left to do, `waitUntil()` included; whether that was in time."""
        return await self._node.drain(deadline)

    def asgi(self, *, dev: bool = False) -> ASGIApp:
        """The Worker as an ASGI application, to serve or to mount in one of yours. In `dev`, error
        pages show what was thrown."""
        return AsgiApp(self.dispatcher(dev=dev))

    def dispatcher(self, *, dev: bool = False) -> Handler:
        """The Worker as what `edgewright.gateway.server.serve` takes; `dev` as for asgi(). Where
        there are `others`, and any of them has routes, these say who answers."""
        names = [version.bundle.name for version in self.versions]
        first = self.bundle
        if len(names) == 1 or not any(version.bundle.routes for version in self.versions):
            return Dispatcher(self._node, first.name, dev=dev)
        fallback = first.name if dev or not first.routes else None
        return Router(self._node, names, fallback, dev=dev)

    def _build(self) -> list[Version]:
        """Raises ConfigError and BuildError."""
        versions = [self._build_one(index) for index in range(len(self.paths))]
        check_wiring([version.bundle for version in versions], self._outside)
        return versions

    def _build_one(self, index: int) -> Version:
        config = load_config(self.paths[index], self._environment)
        if index == 0 and self._limits:
            limits = Limits.of(self._limits, default=config.limits)
            config = msgspec.structs.replace(config, limits=limits)
        secrets = resolve_secrets(config, self._state, dev=self._dev)
        if index == 0:
            secrets = {name: each for name, each in secrets.items() if name not in self._env}
        bundle = replace(build_bundle(config), secrets=secrets)
        if self._versions:
            # A running Worker keeps its name: that is what it is known by.
            bundle = replace(bundle, name=self._versions[index].bundle.name)
        if index == 0:
            bundle = replace(bundle, vars={**bundle.vars, **self._env})
        return Version(config, bundle)


def _flat(headers: Headers) -> list[str]:
    pairs = headers.items() if isinstance(headers, Mapping) else headers
    flat: list[str] = []
    for name, value in pairs:
        value.encode("latin-1")  # raises where it is no byte string
        flat += (name.lower(), value)
    return flat
