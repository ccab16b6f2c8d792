"""From a Request to a Response, whatever happens in between: failures become pages here.

Callbacks and no coroutine: most requests find their Worker loaded and get a short body, and a task
for each would be a quarter of what the gateway spends on them.
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import Callable, Coroutine
from typing import Protocol

from edgewright.config.limits import Limits
from edgewright.gateway.active import EXCEEDED, ActiveRequest, WorkerFailure
from edgewright.gateway.errors import Overloaded, UnknownWorker
from edgewright.gateway.hosts import HostError
from edgewright.gateway.node import Node
from edgewright.gateway.pages import (
    EXCEEDED_LIMITS,
    RATE_LIMITED,
    THREW,
    ErrorKind,
    PageDetails,
    error_response,
    generic,
    plain_page,
)
from edgewright.messages import Request, Response, discard
from edgewright.observe.records import Outcome, WorkerError
from edgewright.observe.server_timing import server_timing
from edgewright.observe.stack import Sources

Answer = Callable[[Response], None]
"""Takes the response to a request, once. Its `body` is the taker's to read or to discard."""


class Dispatched(Protocol):
    """A request that is being answered."""

    def client_gone(self) -> None:
        """The client went away before it had the whole response."""
        ...

    def body_too_large(self) -> None:
        """The request's body turned out to be larger than its limit, and was broken off."""
        ...


class Handler(Protocol):
    """What a way in hands its requests to."""

    @property
    def limits(self) -> Limits: ...

    def start(self, request: Request, answer: Answer) -> Dispatched:
        """Lets a request be answered. `answer` may be called before this returns, and is called in
        any case."""
        ...

    def page(self, status: int, headers: list[tuple[bytes, bytes]]) -> Response:
        """The answer to a request that was refused; `headers` are the client's."""
        ...


class Dispatcher:
    """A Handler that answers with a deployed Worker. In dev, error pages tell what was thrown and
    where."""

    def __init__(self, node: Node, worker: str, *, dev: bool = False) -> None:
        self.node = node
        self.worker = worker
        self.dev = dev
        self.server_timing = dev or node.tracing.server_timing
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def limits(self) -> Limits:
        return self.node.limits(self.worker)

    def start(self, request: Request, answer: Answer) -> Dispatched:
        dispatched = _Dispatched(self, request, answer)
        rules = self.node.rate_rules(self.worker)
        if rules is None:
            dispatched.begin()
        else:
            rules.check(request, dispatched.admit)
        return dispatched

    def page(self, status: int, headers: list[tuple[bytes, bytes]]) -> Response:
        accept = b",".join(value for name, value in headers if name == b"accept")
        return error_response(generic(status), accept=accept).passed_on()

    def error_page(
        self, request: Request, kind: ErrorKind, error: WorkerError | None = None, ray: str = ""
    ) -> Response:
        """What the client gets instead of a Worker's response."""
        details = None
        if self.dev and error is not None:
            bundle = self.node.bundle(self.worker)
            details = PageDetails.of(error, Sources(bundle.sources, bundle.files))
        headers = request.headers
        accept = ",".join(
            [headers[i + 1] for i in range(0, len(headers), 2) if headers[i] == "accept"]
        )
        if details is None and "html" not in accept.lower():
            return plain_page(kind)
        accepted = accept.encode("latin-1", "replace")
        return error_response(kind, accept=accepted, details=details, ray=ray).passed_on()

    def run(self, coroutine: Coroutine[None, None, None]) -> None:
        task = asyncio.get_running_loop().create_task(coroutine)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


class _Dispatched:
    """One request on its way through the node."""

    __slots__ = ("_active", "_answer", "_dispatcher", "_gone", "_request", "_too_large")

    def __init__(self, dispatcher: Dispatcher, request: Request, answer: Answer) -> None:
        self._dispatcher = dispatcher
        self._request = request
        self._answer = answer
        self._active: ActiveRequest | None = None
        self._gone = False
        self._too_large = False

    def admit(self, wait: float | None) -> None:
        """Begins where it need not `wait`; else there were too many before it."""
        if wait is None:
            self.begin()
            return
        dispatcher, request = self._dispatcher, self._request
        dispatcher.node.rate_limited(dispatcher.worker, request)
        discard(request.body)
        page = dispatcher.error_page(request, RATE_LIMITED)
        page.headers += ("retry-after", str(max(1, math.ceil(wait))))
        self._answer(page)

    def begin(self) -> None:
        dispatcher = self._dispatcher
        try:
            active = dispatcher.node.begin_at_once(dispatcher.worker, self._request)
        except UnknownWorker:
            self._show(generic(404))
            return
        except Overloaded as error:
            self._shed(error)
            return
        if active is None:
            dispatcher.run(self._begin_later())
        else:
            self._began(active)

    def client_gone(self) -> None:
        self._gone = True
        if self._active is not None:
            self._active.client_gone()

    def body_too_large(self) -> None:
        self._too_large = True

    async def _begin_later(self) -> None:
        """The Worker has to be loaded first."""
        dispatcher = self._dispatcher
        try:
            active = await dispatcher.node.begin(dispatcher.worker, self._request)
        except WorkerFailure as failure:
            self._fail(failure)
        except UnknownWorker:
            self._show(generic(404))
        except Overloaded as error:
            self._shed(error)
        except HostError as error:
            self._show(generic(503), WorkerError("HostError", str(error), ""))
        except BaseException:
            self._show(generic(500))
            raise
        else:
            self._began(active)

    def _began(self, active: ActiveRequest) -> None:
        self._active = active
        if self._gone:
            self.client_gone()
        active.head.listen(self._ended)

    def _ended(self, result: Response | WorkerFailure) -> None:
        if isinstance(result, Response):
            if self._dispatcher.server_timing and self._active and self._active.trace:
                result.headers += ("server-timing", server_timing(self._active.trace))
            self._answer(result)
        elif self._too_large:
            self._show(generic(413))
        elif result.pass_through:
            self._dispatcher.run(self._pass_through(result))
        else:
            self._fail(result)

    async def _pass_through(self, failure: WorkerFailure) -> None:
        active = self._active
        assert active is not None
        origin = await self._dispatcher.node.origin.pass_through(active)
        if origin is None:
            self._fail(failure)
        else:
            self._answer(origin)

    def _shed(self, overloaded: Overloaded) -> None:
        discard(self._request.body)
        page = self._dispatcher.error_page(self._request, generic(503))
        page.headers += ("retry-after", str(math.ceil(overloaded.retry_after)))
        self._answer(page)

    def _fail(self, failure: WorkerFailure) -> None:
        self._show(_kind(failure), failure.error, failure.ray)

    def _show(self, kind: ErrorKind, error: WorkerError | None = None, ray: str = "") -> None:
        discard(self._request.body)
        self._answer(self._dispatcher.error_page(self._request, kind, error, ray))


def _kind(failure: WorkerFailure) -> ErrorKind:
    if failure.outcome in EXCEEDED:
        return EXCEEDED_LIMITS
    return THREW if failure.outcome is Outcome.EXCEPTION else generic(500)
