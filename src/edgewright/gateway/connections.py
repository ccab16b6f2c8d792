"""How many subrequests of one request may be open at a time; the others queue, as on the platform.

https://developers.cloudflare.com/workers/platform/limits/#simultaneous-open-connections

A connection is open until its response's body has been read, given up or passed on. (The platform
counts a body that is passed on until its end. Here it isn't the isolate's any more.)
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

from edgewright.messages import Body, BodyError, discard

STALLED = (
    "A stalled HTTP response was canceled to prevent deadlock. This can happen when a Worker calls "
    "fetch() several times without reading the bodies of the returned Response objects. There is a "
    "limit on the number of concurrent HTTP requests that can be in-flight at one time. Normally, "
    "additional requests issued beyond that limit are delayed until previous requests complete. "
    "However, because the Worker did not read the responses, they would never complete. Therefore, "
    "to prevent deadlock, the oldest response was canceled. To fix this, Worker code should either "
    "call `response.body.cancel()` to explicitly cancel the request, or read the complete response."
)
"""The platform's words, for the log."""

CLOSED = "Response closed due to connection limit"
"""The platform's words, for whoever reads the body all the same."""


class Queued:
    """A subrequest that waits for its turn."""

    __slots__ = ("_body", "_queue", "start")

    def __init__(
        self, queue: deque[Queued], start: Callable[[], None], body: bytes | Body | None
    ) -> None:
        self.start = start
        self._queue = queue
        self._body = body

    def cancel(self) -> None:
        """Gives it up."""
        self._queue.remove(self)
        discard(self._body)


class Connections:
    """The subrequests of one request, by their ops."""

    __slots__ = ("_limit", "_queue", "_starting", "open")

    def __init__(self, limit: int) -> None:
        self.open: set[int] = set()
        self._limit = limit
        self._starting = False
        self._queue: deque[Queued] = deque()

    @property
    def waiting(self) -> bool:
        """Whether any subrequest waits for another's end."""
        return bool(self._queue)

    def take(self, op: int) -> bool:
        """Whether the subrequest may start now."""
        if len(self.open) >= self._limit:
            return False
        self.open.add(op)
        return True

    def queue(self, op: int, start: Callable[[], None], body: bytes | Body | None) -> Queued:
        """`start` is called as soon as there is a connection for it."""

        def begin() -> None:
            self.open.add(op)
            start()

        queued = Queued(self._queue, begin, body)
        self._queue.append(queued)
        return queued

    def move(self, op: int, to: int) -> None:
        """Another op has the connection from now on."""
        if op in self.open:
            self.open.remove(op)
            self.open.add(to)

    def release(self, op: int) -> None:
        """The subrequest needs no connection any more. Harmless when repeated."""
        if op not in self.open:
            return
        self.open.remove(op)
        if self._starting:
            return
        self._starting = True
        try:
            # What is done as soon as it starts releases its connection in there: a loop, as a
            # thousand of them in a row would be too deep.
            while self._queue and len(self.open) < self._limit:
                self._queue.popleft().start()
        finally:
            self._starting = False


class ClosedBody:
    """What is left of a body whose connection was needed."""

    length = None

    async def read(self) -> bytes:
        raise BodyError(CLOSED)

    def discard(self) -> None: ...

    def break_off(self, reason: str) -> None: ...
