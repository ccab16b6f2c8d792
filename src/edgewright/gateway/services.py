"""Service bindings: one Worker's fetch() that another Worker of the node answers, without a socket.

https://developers.cloudflare.com/workers/runtime-apis/bindings/service-bindings/
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from edgewright.gateway.active import ActiveRequest, WorkerFailure
from edgewright.gateway.errors import Overloaded, UnknownWorker
from edgewright.gateway.hosts import HostError
from edgewright.gateway.pages import LOOP, error_response
from edgewright.messages import Body, BodyError, Request, Response, discard
from edgewright.subrequest.upstream import Settle, SubrequestError, UpstreamResponse

if TYPE_CHECKING:
    from edgewright.gateway.node import Node


class ServiceCall:
    """A Subrequest that a Worker answers."""

    def __init__(self, node: Node, worker: str, request: Request, settle: Settle) -> None:
        self._node = node
        self._worker = worker
        self._request = request
        self._settle: Settle | None = settle
        self._active: ActiveRequest | None = None
        self._task: asyncio.Task[None] | None = None

    def start(self, depth: int) -> None:
        """`depth` says how many Workers called each other until here."""
        self._task = asyncio.get_running_loop().create_task(self._begin(depth))

    def cancel(self) -> None:
        self._settle = None
        if self._active is not None:
            self._active.client_gone()

    async def _begin(self, depth: int) -> None:
        node = self._node
        if depth > node.limits(self._worker).depth:
            discard(self._request.body)
            self._finish(_too_deep(self._request))
            return
        try:
            active = await node.begin(self._worker, self._request, depth)
        except WorkerFailure as failure:
            self._fail(failure)
        except (Overloaded, UnknownWorker, HostError) as error:
            discard(self._request.body)
            self._finish(SubrequestError(str(error), "Error"))
        else:
            self._active = active
            if self._settle is None:
                self.cancel()
            active.head.add_done_callback(self._ended)

    def _ended(self, head: asyncio.Future[Response]) -> None:
        failure = head.exception()
        if isinstance(failure, WorkerFailure):
            self._fail(failure)
            return
        response = head.result()
        body = response.body
        self._finish(
            UpstreamResponse(
                response.status,
                response.status_text,
                response.headers,
                self._request.url.partition("#")[0],
                False,
                body if body is None or isinstance(body, bytes) else _ServiceBody(body),
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


class _ServiceBody:
    """The body of another Worker's response, which can be broken off."""

    def __init__(self, body: Body) -> None:
        self.length = body.length
        self._body = body
        self._broken: str | None = None

    async def read(self) -> bytes:
        chunk = b"" if self._broken is not None else await self._body.read()
        if self._broken is not None:
            raise BodyError(self._broken)
        return chunk

    def discard(self) -> None:
        self._body.discard()

    def break_off(self, reason: str) -> None:
        self._broken = reason
        self._body.discard()


def _too_deep(request: Request) -> UpstreamResponse:
    page = error_response(LOOP, accept=b"")
    headers = page.passed_on().headers
    return UpstreamResponse(page.status, "", headers, request.url, False, page.body)
