"""The gateway process: `python -m edgewright.gateway CONTROL_FD`, started by the supervisor."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import os
import resource
import signal
import socket
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import uvloop

from edgewright.bindings.bindings import default_state
from edgewright.config.limits import UNLIMITED, Limits
from edgewright.gateway.ask import AskServer
from edgewright.gateway.control import (
    MAX_LINE,
    Failed,
    GatewaySettings,
    Ready,
    decode_settings,
    encode,
)
from edgewright.gateway.hosts import describe_missing
from edgewright.gateway.inspector.server import InspectorError, InspectorServer, listen
from edgewright.gateway.inspector.targets import Targets
from edgewright.gateway.reload import Reloader
from edgewright.gateway.server import ServerError, Tls, serve
from edgewright.gateway.tail import TailServer
from edgewright.gateway.user_socket import UserSocketError
from edgewright.logpush.errors import LogpushError
from edgewright.logpush.starting import start_logpush
from edgewright.observe.export import ExportError, start_export, start_sentry
from edgewright.observe.figures import FigureKeeper
from edgewright.observe.recent import Recent
from edgewright.observe.records import Everybody, Observer
from edgewright.observe.stack import Sources
from edgewright.observe.terminal import DevTerminal, ServeTerminal
from edgewright.observe.trace import Tracing
from edgewright.subrequest.dial import close_off
from edgewright.worker import LOADING_ERRORS, Worker

if TYPE_CHECKING:
    from edgewright.logpush.pusher import Logpush
    from edgewright.observe.sentry import SentryObserver


def main() -> int:
    """The process's exit code."""
    return uvloop.run(_run(socket.socket(fileno=int(sys.argv[1]))))


class _Stop(asyncio.Event):
    """Set when the gateway is to stop; the time to drain runs from then."""

    since = 0.0

    def set(self) -> None:
        self.since = self.since or time.monotonic()
        super().set()


async def _run(control: socket.socket) -> int:
    reader, writer = await asyncio.open_unix_connection(sock=control, limit=MAX_LINE)
    line = await reader.readline()
    if not line:
        return 1  # The supervisor is gone already.
    settings = decode_settings(line)
    for inherited in (control.fileno(), settings.listener_fd):
        # uvloop would let an isolate's host inherit them in turn, which then kept them open.
        os.set_inheritable(inherited, False)
    if settings.cpu is not None:
        os.sched_setaffinity(0, {settings.cpu})
    _allow_open_files()
    stop = _Stop()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    watching = asyncio.create_task(_watch_supervisor(reader, stop))
    try:
        return await _gateway(settings, writer, stop)
    except (*LOADING_ERRORS, ServerError, ExportError, LogpushError, InspectorError) as error:
        writer.write(encode(Failed(str(error)[: MAX_LINE // 8])))
        with contextlib.suppress(OSError):
            await writer.drain()
        return 1
    finally:
        watching.cancel()
        writer.close()


def _allow_open_files() -> None:
    """As many as the system lets us have: each connection and each isolate is one, and the usual
    1024 are there for programs that still call select()."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    with contextlib.suppress(ValueError, OSError):  # macOS says "infinite" and means less
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


async def _watch_supervisor(reader: asyncio.StreamReader, stop: _Stop) -> None:
    """All that a supervisor says after the settings is Stop, and being gone says it as well."""
    with contextlib.suppress(OSError):
        await reader.readline()
    stop.set()


async def _gateway(settings: GatewaySettings, supervisor: asyncio.StreamWriter, stop: _Stop) -> int:
    """Raises LOADING_ERRORS and ServerError."""
    tls = None
    if settings.tls_cert is not None and settings.tls_key is not None:
        tls = Tls(Path(settings.tls_cert), Path(settings.tls_key))
        tls.check()
    terminal = DevTerminal() if settings.dev else ServeTerminal()
    tracing = Tracing(
        on=settings.dev or settings.node is not None or settings.server_timing,
        watch=settings.dev,
        server_timing=settings.dev or settings.server_timing,
    )
    tail = TailServer(tracing)
    observers: list[Observer] = [terminal, tail]
    exporter = start_export(tracing)
    if exporter is not None:
        observers.append(exporter)
    for port in settings.closed_ports:
        close_off(port)
    state = Path(settings.state) if settings.state else default_state(Path(settings.paths[0]))
    logpush = start_logpush(settings.logpush, state, tracing)
    if logpush is not None:
        observers.append(logpush)
    sentry = start_sentry(settings.sentry_dsn, tracing, dev=settings.dev)
    if sentry is not None:
        observers.append(sentry)
    targets = Targets() if settings.inspect else None
    most = Limits.of(settings.most, default=UNLIMITED)
    worker = Worker(
        settings.paths[0],
        others=settings.paths[1:],
        services=settings.services,
        observer=Everybody(observers),
        upstream=settings.upstream,
        most=most,
        live_clock=settings.live_clock,
        watch_promises=settings.dev,
        outbound=settings.outbound,
        sandbox=settings.sandbox,
        standby=not settings.dev,
        memory_mb=settings.memory_mb,
        state=state,
        tracing=tracing,
        dev=settings.dev,
        host_cpus=settings.host_cpus,
        cache_memory_mb=settings.cache_memory_mb,
        cache_disk_mb=settings.cache_disk_mb,
        targets=targets,
    )
    asks = None
    if settings.node is not None:

        def dropped() -> dict[str, int]:
            return {
                "tail": tail.dropped,
                "tail_worker": worker.tail_events_dropped,
                "otlp": 0 if exporter is None else exporter.dropped,
                "logpush": 0 if logpush is None else logpush.dropped,
                "sentry": 0 if sentry is None else sentry.dropped,
            }

        recent, figures = Recent(), FigureKeeper(worker.version_of, worker.census.take, dropped)
        observers += [figures, recent]
        asks = AskServer(settings.node, figures, recent)
    async with contextlib.AsyncExitStack() as stack:
        if exporter is not None:
            stack.enter_context(exporter)  # and so it ends after the Worker, with all its traces
        if logpush is not None:
            stack.enter_context(logpush)
        if sentry is not None:
            stack.enter_context(sentry)
        await stack.enter_async_context(worker)
        warnings = _warnings(worker)
        on_deploy: list[Callable[[], None]] = []
        if sentry is not None:
            on_deploy.append(partial(_tell_bundles, worker, sentry))
        if logpush is not None:
            on_deploy.append(partial(_push, worker, logpush))
            if not any(version.config.logpush for version in worker.versions):
                warnings.append("Nothing is pushed: no Worker has `logpush = true`.")
        try:
            await stack.enter_async_context(tail.listening())
        except UserSocketError as error:
            warnings.append(f"`edgewright tail` will not find this server: {error}.")
        if asks is not None:
            try:
                await stack.enter_async_context(asks.listening())
            except UserSocketError as error:
                warnings.append(f"The admin port has nothing to show: {error}.")
        devtools = await _devtools(targets, settings, stack, warnings, worker, stop)
        supervisor.write(encode(Ready(worker.bundle.name, warnings, devtools)))
        if isinstance(terminal, DevTerminal):
            on_deploy.append(partial(_show_sources, worker, terminal))
            reloading = asyncio.create_task(_reload_on_change(worker, terminal, on_deploy))
            stack.push_async_callback(_end, reloading)
        for tell in on_deploy:
            tell()
        # What is here now stays; looking through it over and over costs a tenth of the throughput.
        # And a fan-out makes thousands of short-lived objects, which are no sign of garbage.
        gc.freeze()
        gc.set_threshold(20_000)
        listener = socket.socket(fileno=settings.listener_fd)
        await serve(
            worker.dispatcher(dev=settings.dev), listener, stop, tls=tls, drain=settings.drain
        )
        # What waitUntil was given has the rest of the time.
        await worker.drain(max(0.0, stop.since + settings.drain - time.monotonic()))
    return 0


async def _devtools(
    targets: Targets | None,
    settings: GatewaySettings,
    stack: contextlib.AsyncExitStack,
    warnings: list[str],
    worker: Worker,
    stop: _Stop,
) -> str | None:
    """Their URL, where there are any. Raises InspectorError."""
    if targets is None:
        return None
    if not targets.names():
        warnings.append(
            "DevTools are off: the sandbox has no network of its own here, in which the engine's "
            "inspector could listen. With --sandbox off they are on."
        )
        return None
    listener = listen(settings.inspector_port)
    close_off(listener.getsockname()[1])  # No Worker may debug another.
    server = InspectorServer(targets, listener)
    await stack.enter_async_context(server)
    # Whoever is paused has to go on before the requests in flight can finish.
    closing = asyncio.create_task(_close_when(stop, server))
    stack.push_async_callback(_end, closing)
    return server.url(worker.bundle.name)


async def _close_when(stop: _Stop, server: InspectorServer) -> None:
    await stop.wait()
    await server.close()


def _warnings(worker: Worker) -> list[str]:
    if not worker.missing_layers:
        return list(worker.config.warnings)
    lacking = describe_missing(worker.missing_layers)
    warning = f"The sandbox is incomplete here: {lacking}. `edgewright doctor` tells more."
    return [*worker.config.warnings, warning]


def _push(worker: Worker, logpush: Logpush) -> None:
    """The requests of which Workers are pushed."""
    logpush.workers = {
        version.bundle.name: version.bundle.version
        for version in worker.versions
        if version.config.logpush
    }


def _tell_bundles(worker: Worker, sentry: SentryObserver) -> None:
    sentry.bundles = {version.bundle.name: version.bundle for version in worker.versions}


def _show_sources(worker: Worker, terminal: DevTerminal) -> None:
    terminal.sources = Sources(worker.bundle.sources, worker.bundle.files)


async def _reload_on_change(
    worker: Worker, terminal: DevTerminal, on_deploy: list[Callable[[], None]]
) -> None:
    def deployed() -> None:
        for tell in on_deploy:
            tell()

    await Reloader(worker, on_deploy=deployed, on_message=terminal.message).run()


async def _end(task: asyncio.Task[None]) -> None:
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task


if __name__ == "__main__":
    sys.exit(main())
