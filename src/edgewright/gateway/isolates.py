"""The isolates of a node: started when a Worker needs one, looked after, and given up."""

from __future__ import annotations

import asyncio
import socket
from collections import Counter
from collections.abc import Callable

import msgspec

from edgewright.gateway.casualties import Ending
from edgewright.gateway.deployed import DeployedWorker
from edgewright.gateway.hosts import Host, HostError, HostPool
from edgewright.gateway.inspector.link import Link
from edgewright.gateway.inspector.targets import Target, Targets
from edgewright.gateway.isolate import Isolate
from edgewright.gateway.loading import LoadingEndsHost, StartupError, load
from edgewright.gateway.memory import MemoryBound
from edgewright.gateway.surroundings import Surroundings
from edgewright.secrets.masking import Mask, mask_of

_LOOK_EVERY = 0.5
"""Seconds between two looks for isolates that hang and requests that take too long."""


class Isolates:
    """Those of one node. `surroundings` are what a Worker's isolate is to have around it, with the
    mask of its secrets. `on_idle` is called when a Worker's isolate has nothing to do, and `on_end`
    when it has ended."""

    def __init__(
        self,
        hosts: HostPool,
        memory: MemoryBound,
        surroundings: Callable[[DeployedWorker, Mask], Surroundings],
        *,
        live_clock: bool,
        watch_promises: bool,
        targets: Targets | None = None,
        on_idle: Callable[[DeployedWorker], None],
        on_end: Callable[[DeployedWorker, Ending], None],
    ) -> None:
        self.running: set[Isolate] = set()
        self.starts: Counter[str] = Counter()
        """How many there were, by Worker."""
        self._hosts = hosts
        self._memory = memory
        self._surroundings = surroundings
        self._live_clock = live_clock
        self._watch_promises = watch_promises
        self._targets = targets
        self._on_idle = on_idle
        self._on_end = on_end
        self._tasks: set[asyncio.Task[None]] = set()
        self._look: asyncio.TimerHandle | None = None
        self._closed = False

    async def load(self, worker: DeployedWorker) -> None:
        """Gives the Worker an isolate. Raises StartupError and HostError."""
        loading = self._loading(worker)
        try:
            await asyncio.shield(loading)
        except asyncio.CancelledError:
            if loading.cancelled():  # by close(), and not whoever waits here
                raise HostError("The gateway is stopping.") from None
            raise

    async def close(self) -> None:
        """Ends everything at once."""
        self._closed = True
        if self._look is not None:
            self._look.cancel()
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        for isolate in list(self.running):
            isolate.close()
        await self._hosts.close()

    def _loading(self, worker: DeployedWorker) -> asyncio.Task[None]:
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

    async def _new_isolate(self, worker: DeployedWorker) -> None:
        try:
            isolate = worker.isolate = await self._start(worker)
        finally:
            worker.loading = None
        self.running.add(isolate)
        self.starts[worker.bundle.name] += 1
        # A crowd of new ones must not wait for the next look: each makes room for itself.
        self._memory.evict(self._hosts.hosts, self.running, most=1)
        if self._look is None:
            self._look = asyncio.get_running_loop().call_later(_LOOK_EVERY, self._look_around)
        self._on_idle(worker)

    async def _start(self, worker: DeployedWorker) -> Isolate:
        if self._targets is None:
            return await self._load(worker, None)
        link = Link()
        try:
            isolate = await self._load(worker, link)
        except BaseException:
            link.close()
            raise
        if link.path:
            self._targets.put(worker.bundle.name, Target(link, worker.bundle))
        return isolate

    async def _load(self, worker: DeployedWorker, link: Link | None) -> Isolate:
        host, connection = await self._hosts.open_isolate(
            alone=worker.bundle.name if worker.guard.alone else None,
            inspector=None if link is None else link.theirs,
        )
        bundle = worker.bundle
        try:
            loaded = await load(
                connection,
                bundle,
                worker.bindings,
                live_clock=self._live_clock,
                watch_promises=self._watch_promises,
            )
            error, worker.entrypoints = loaded.error, loaded.entrypoints
            if link is not None:
                link.path = loaded.inspector
        except LoadingEndsHost as failure:
            error = failure.error
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
        return self._isolate(worker, host, connection, self._surroundings(worker, mask), link)

    def _isolate(
        self,
        worker: DeployedWorker,
        host: Host,
        connection: socket.socket,
        around: Surroundings,
        link: Link | None,
    ) -> Isolate:
        def ended(ending: Ending) -> None:
            host.isolates -= 1
            self.running.discard(isolate)
            if link is not None:
                link.close()
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
            self._on_end(worker, ending)

        isolate = Isolate(
            around,
            connection,
            on_idle=lambda: self._on_idle(worker),
            on_end=ended,
            inmates=host.inmates,
            link=link,
        )
        return isolate

    def _look_around(self) -> None:
        """Ends what hangs, what is late, and what there is no room for."""
        for isolate in [isolate for isolate in self.running if isolate.hangs]:
            isolate.give_up()
        for isolate in list(self.running):
            isolate.stop_late()
        self._memory.evict(self._hosts.hosts, self.running)
        self._hosts.trim()
        again = self.running or self._hosts.surplus()
        loop = asyncio.get_running_loop()
        self._look = loop.call_later(_LOOK_EVERY, self._look_around) if again else None
