"""`serve` and `dev`: a supervisor and its gateways, from the first to the last."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path
from typing import Any

from edgewright.cache.opening import CACHE_DISK_MB, CACHE_MEMORY_MB
from edgewright.gateway.control import Failed, GatewaySettings, Ready
from edgewright.gateway.hosts import Sandbox
from edgewright.gateway.memory import default_bound
from edgewright.observe.terminal import printable
from edgewright.supervisor.admin import AdminAddress, AdminError, AdminPort
from edgewright.supervisor.child import Child, how_it_ended
from edgewright.supervisor.listener import ListenError, listen, url_of

_KILL_GRACE = 3.0
"""Seconds that a gateway has, after the time to drain, to close what it holds."""

_QUICK = 5.0
"""A gateway that lived for fewer seconds is not replaced at once the next time."""

_MAX_BACKOFF = 10.0


@dataclass(frozen=True, slots=True)
class ServeSettings:
    paths: tuple[Path, ...]
    host: str = "127.0.0.1"
    port: int = 8787
    workers: int = 1
    """Gateway processes; in dev there is always one."""
    tls_cert: Path | None = None
    tls_key: Path | None = None
    drain: float = 30.0
    """Seconds that requests in flight have when it is to stop."""
    dev: bool = False
    most: dict[str, int] = field(default_factory=dict[str, int])
    """Limits that no Worker may raise further, by their names."""
    live_clock: bool = False
    """Clocks run while code runs."""
    outbound: str = "any"
    """What Workers may reach: "any" or "public" addresses."""
    services: dict[str, str] = field(default_factory=dict[str, str])
    """What is behind names that service bindings use, beside Workers: asgi:module:app, or a URL."""
    upstream: str | None = None
    """The origin behind the Worker, for passThroughOnException()."""
    sandbox: Sandbox = "auto"
    state: Path | None = None
    """The folder for KV and the like; None is .edgewright/state beside the first Worker."""
    sentry_dsn: str | None = None
    """Where exceptions are told."""
    logpush: tuple[str, ...] = ()
    """Where requests are pushed: destinations, and files that name some; see logpush/job.py."""
    memory_mb: int | None = None
    """What all isolates together may use; None is half of the machine's memory."""
    admin: AdminAddress | None = None
    """Where the operator can look at requests and figures; None: nowhere."""
    server_timing: bool = False
    """Responses tell how they were made, as always in dev."""
    cache_memory_mb: int = CACHE_MEMORY_MB
    """Of each gateway."""
    cache_disk_mb: int = CACHE_DISK_MB
    inspect: bool = False
    """DevTools may look at the isolates: in dev only."""
    inspector_port: int | None = None
    """Where DevTools finds them; None takes 9229, or any if that is taken."""


def run(settings: ServeSettings) -> int:
    """Serves until SIGTERM, SIGINT or SIGHUP, and gives the exit code of the process."""
    if (settings.tls_cert is None) != (settings.tls_key is None):
        _complain("--tls-cert and --tls-key go together: give both or none")
        return 1
    admin = None
    try:
        listener = listen(settings.host, settings.port)
        if settings.admin is not None:
            cert, key = settings.tls_cert, settings.tls_key
            tls = None if cert is None or key is None else (cert.absolute(), key.absolute())
            admin = AdminPort(settings.admin, dev=settings.dev, tls=tls)
    except (ListenError, AdminError) as error:
        _complain(str(error))
        return 1
    return asyncio.run(_Supervisor(settings, listener, admin).run())


class _Supervisor:
    def __init__(
        self, settings: ServeSettings, listener: socket.socket, admin: AdminPort | None
    ) -> None:
        self._settings = settings
        self._listener = listener
        self._admin = admin
        self._count = 1 if settings.dev else max(1, settings.workers)
        self._memory_mb = settings.memory_mb or default_bound() >> 20
        self._children: dict[int, Child] = {}
        """By the gateway's number, from 0."""
        self._stopping = asyncio.Event()
        self._killing = asyncio.Event()

    async def run(self) -> int:
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            loop.add_signal_handler(number, self._on_signal, number)
        tasks: list[asyncio.Task[None]] = []
        try:
            ready = await self._start_all()
            if ready is None:
                return 0 if self._stopping.is_set() else 1
            self._announce(ready)
            keeping = [asyncio.create_task(self._keep(number)) for number in self._children]
            if self._admin is not None:
                tasks.append(asyncio.create_task(self._admin.run()))
            await self._stopping.wait()
            # Replacements that are under way end here, so that no child is missed below.
            await _cancel(keeping)
            await self._drain()
            return 0
        finally:
            self._listener.close()
            await self._kill_all()
            await _cancel(tasks)
            if self._admin is not None:
                self._admin.close()

    def _on_signal(self, number: int) -> None:
        """The first asks; a Ctrl-C after that insists. (A SIGTERM often comes twice, to the process
        and to its group, and means no more by that.)"""
        if self._stopping.is_set() and number == signal.SIGINT:
            self._killing.set()
        self._stopping.set()

    async def _start_all(self) -> Ready | None:
        """None when one could not start, which has been told, or when it is time to stop."""
        starting = [asyncio.create_task(self._start(n)) for n in range(self._count)]
        stopped = asyncio.create_task(self._stopping.wait())
        ready = None
        try:
            for task in starting:
                await asyncio.wait((task, stopped), return_when=asyncio.FIRST_COMPLETED)
                if not task.done():
                    return None
                answer = task.result()
                if isinstance(answer, Failed):
                    _complain(answer.message)
                    return None
                ready = answer
            return ready
        finally:
            await _cancel([*starting, stopped])

    async def _start(self, number: int) -> Ready | Failed:
        settings = self._settings
        cpu, host_cpus = self._cpus(number)
        child = await Child.start(
            GatewaySettings(
                paths=[str(path.absolute()) for path in settings.paths],
                listener_fd=self._listener.fileno(),
                tls_cert=str(settings.tls_cert) if settings.tls_cert else None,
                tls_key=str(settings.tls_key) if settings.tls_key else None,
                upstream=settings.upstream,
                services=settings.services,
                cpu=cpu,
                host_cpus=host_cpus,
                drain=settings.drain,
                dev=settings.dev,
                most=settings.most,
                live_clock=settings.live_clock,
                outbound=settings.outbound,
                sandbox=settings.sandbox,
                state=str(settings.state.absolute()) if settings.state else None,
                sentry_dsn=settings.sentry_dsn,
                logpush=list(settings.logpush),
                memory_mb=max(1, self._memory_mb // self._count),
                node=None if self._admin is None else self._admin.node,
                closed_ports=[] if self._admin is None else [self._admin.port],
                server_timing=settings.server_timing,
                cache_memory_mb=settings.cache_memory_mb,
                cache_disk_mb=settings.cache_disk_mb,
                inspect=settings.dev and settings.inspect,
                inspector_port=settings.inspector_port,
            )
        )
        self._children[number] = child
        return await child.answer()

    def _cpus(self, number: int) -> tuple[int | None, list[int]]:
        """The CPU for a gateway, and those for its hosts: that no gateway has, if there are any."""
        if self._settings.dev or not hasattr(os, "sched_getaffinity"):
            return None, []
        cpus = sorted(os.sched_getaffinity(0))
        cpu = cpus[number % len(cpus)]
        return cpu, cpus[self._count + number :: self._count] or [cpu]

    async def _keep(self, number: int) -> None:
        """Replaces a gateway whenever it ends, at once unless it keeps dying."""
        quick_deaths = 0
        while True:
            child = self._children[number]
            code = await child.ended()
            lived = time.monotonic() - child.started
            quick_deaths = quick_deaths + 1 if lived < _QUICK else 0
            delay = min(0.1 * 2**quick_deaths, _MAX_BACKOFF) if quick_deaths > 1 else 0.0
            when = f"in {delay:.1f} s" if delay else "now"
            _log(f"gateway {number + 1} {how_it_ended(code)}; it is replaced {when}")
            await asyncio.sleep(delay)
            if self._admin is not None:
                self._admin.gateway_restarted()
            answer = await self._start(number)
            if isinstance(answer, Failed):
                _log(f"gateway {number + 1} could not start: {answer.message}")

    async def _drain(self) -> None:
        """Refuses connections, lets requests finish, as long as they may and nobody insists."""
        self._listener.close()
        for child in self._children.values():
            child.stop()
        ended = asyncio.create_task(self._all_ended())
        insisted = asyncio.create_task(self._killing.wait())
        await asyncio.wait(
            (ended, insisted),
            timeout=self._settings.drain + _KILL_GRACE,
            return_when=asyncio.FIRST_COMPLETED,
        )
        if not ended.done():
            _log("some requests did not finish in time and were broken off")
        await _cancel([ended, insisted])

    async def _kill_all(self) -> None:
        for child in self._children.values():
            child.kill()
        await self._all_ended()

    async def _all_ended(self) -> None:
        await asyncio.gather(*(child.ended() for child in self._children.values()))

    def _announce(self, ready: Ready) -> None:
        for warning in ready.warnings:
            print(f"Warning: {printable(warning)}", file=sys.stderr, flush=True)
        url = url_of(self._listener, tls=self._settings.tls_cert is not None)
        print(f"Edgewright {version('edgewright')} serving {ready.name} on {url}", flush=True)
        if self._admin is not None:
            print(f"Requests and figures: {self._admin.url}", flush=True)
            if self._admin.is_open:
                print(
                    "Warning: the admin port's token crosses the network in the clear; give "
                    "--tls-cert and --tls-key, or put a proxy with TLS before it.",
                    file=sys.stderr,
                    flush=True,
                )
        if ready.devtools is not None:
            print(f"DevTools: {ready.devtools}", flush=True)


async def _cancel(tasks: Sequence[asyncio.Task[Any]]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


def _complain(message: str) -> None:
    # It may quote what a Worker has thrown, or its source.
    print(f"Error: {printable(message)}", file=sys.stderr, flush=True)


def _log(message: str) -> None:
    print(f"edgewright: {message}", file=sys.stderr, flush=True)
