"""Service bindings: one Worker's fetch() that another Worker of the node answers, without a socket.

https://developers.cloudflare.com/workers/runtime-apis/bindings/service-bindings/
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from typing import Any, Protocol

from edgewright.config.limits import Limits
from edgewright.config.worker_config import Service
from edgewright.gateway.active import ActiveRequest, WorkerFailure
from edgewright.gateway.errors import Overloaded, UnknownWorker
from edgewright.gateway.hosts import HostError
from edgewright.gateway.pages import LOOP, error_response
from edgewright.messages import Request, Response, discard
from edgewright.outside.service import OutsideService
from edgewright.protocol.messages import ProtocolViolation
from edgewright.subrequest.upstream import (
    Breakable,
    Settle,
    Subrequest,
    SubrequestError,
    UpstreamResponse,
)

_NO_WORKER = "The service behind this binding is no Worker: it has fetch(), and no methods."
_TOO_DEEP = (
    "Subrequest depth limit exceeded. This request recursed through Workers too many times. This "
    "can happen e.g. if you have a Worker or Durable Object that calls other Workers or objects "
    "recursively."
)
"""The platform's words."""


class Workers(Protocol):
    """Who lets Workers answer: the node."""

    @property
    def outside(self) -> Mapping[str, OutsideService]:
        """Services that are no Workers, by their names."""
        ...

    def limits(self, name: str) -> Limits: ...

    def begin_at_once(self, name: str, request: Request, depth: int) -> ActiveRequest | None: ...

    async def begin(self, name: str, request: Request, depth: int) -> ActiveRequest: ...


class Services:
    """What a Worker can call: its bindings, and its own exports."""

    def __init__(self, worker: str, bindings: dict[str, Service], workers: Workers) -> None:
        self._worker = worker
        self._bindings = bindings
        self._workers = workers
        self._tasks: set[asyncio.Task[None]] = set()

    def target(
        self, binding: str | None, entrypoint: str | None, props: dict[str, Any] | None
    ) -> Service | None:
        """What a command is for; None is the network. Raises ProtocolViolation."""
        if binding is None:
            return None if entrypoint is None else Service(self._worker, entrypoint, props or {})
        if binding not in self._bindings:
            raise ProtocolViolation(f"there is no service binding {binding!r}")
        return self._bindings[binding]

    def call(self, service: Service, request: Request, depth: int, settle: Settle) -> Subrequest:
        """Lets another Worker answer a request; `depth` is the caller's."""
        if (outside := self._workers.outside.get(service.worker)) is not None:
            return outside.start(request, settle)
        call = ServiceCall(self._workers, service.worker, request, settle)
        call.start(depth + 1)
        return call

    def open(
        self, service: Service, session: Request, depth: int, fail: Callable[[str, str], None]
    ) -> None:
        """Lets another Worker begin a session; `depth` is the caller's, and `fail` is called where
        there will be none."""
        worker = service.worker
        if worker in self._workers.outside:
            fail("TypeError", _NO_WORKER)
            return
        if depth + 1 > self._workers.limits(worker).depth:
            fail("Error", _TOO_DEEP)
            return
        try:
            begun = self._workers.begin_at_once(worker, session, depth + 1)
        except (Overloaded, UnknownWorker) as error:
            fail("Error", str(error))
            return
        if begun is None:
            opening = self._open_later(worker, session, depth + 1, fail)
            task = asyncio.get_running_loop().create_task(opening)
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _open_later(
        self, worker: str, session: Request, depth: int, fail: Callable[[str, str], None]
    ) -> None:
        try:
            await self._workers.begin(worker, session, depth)
        except WorkerFailure as failure:
            fail(failure.error.name, failure.error.message)
        except (Overloaded, UnknownWorker, HostError) as error:
            fail("Error", str(error))


class ServiceCall:
    """A Subrequest that a Worker answers."""

    def __init__(self, node: Workers, worker: str, request: Request, settle: Settle) -> None:
        self._node = node
        self._worker = worker
        self._request = request
        self._settle: Settle | None = settle
        self._active: ActiveRequest | None = None
        self._task: asyncio.Task[None] | None = None

    def start(self, depth: int) -> None:
        """`depth` says how many Workers called each other until here."""
        loop = asyncio.get_running_loop()
        if depth > self._node.limits(self._worker).depth:
            discard(self._request.body)
            loop.call_soon(self._finish, _too_deep(self._request))
            return
        try:
            active = self._node.begin_at_once(self._worker, self._request, depth)
        except (Overloaded, UnknownWorker) as error:
            discard(self._request.body)
            loop.call_soon(self._finish, SubrequestError(str(error), "Error"))
            return
        if active is None:
            self._task = loop.create_task(self._begin_later(depth))
        else:
            self._began(active)

    def cancel(self) -> None:
        self._settle = None
        if self._active is not None:
            self._active.client_gone()

    async def _begin_later(self, depth: int) -> None:
        """The Worker has to be loaded first."""
        try:
            active = await self._node.begin(self._worker, self._request, depth)
        except WorkerFailure as failure:
            self._fail(failure)
        except (Overloaded, UnknownWorker, HostError) as error:
            discard(self._request.body)
            self._finish(SubrequestError(str(error), "Error"))
        else:
            self._began(active)

    def _began(self, active: ActiveRequest) -> None:
        self._active = active
        if self._settle is None:
            self.cancel()
        active.head.listen(self._ended)

    def _ended(self, response: Response | WorkerFailure) -> None:
        if isinstance(response, WorkerFailure):
            self._fail(response)
            return
        body = response.body
        self._finish(
            UpstreamResponse(
                response.status,
                response.status_text,
                response.headers,
                self._request.url.partition("#")[0],
                False,
                body if body is None or isinstance(body, bytes) else Breakable(body),
                response.websocket,
            )
        )

    def _fail(self, failure: WorkerFailure) -> None:
        """What the other Worker throws is thrown here, as on the platform."""
        discard(self._request.body)
        self._finish(SubrequestError(failure.error.message, failure.error.name))

    def _finish(self, result: UpstreamResponse | SubrequestError) -> None:
        settle, self._settle = self._settle, None
        if settle is not None:
            settle(result)
        elif isinstance(result, UpstreamResponse):
            result.discard()


def _too_deep(request: Request) -> UpstreamResponse:
    page = error_response(LOOP, accept=b"")
    headers = page.passed_on().headers
    return UpstreamResponse(page.status, "", headers, request.url, False, page.body)
