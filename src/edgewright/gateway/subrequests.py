"""The subrequests of one isolate: made one by one or queued, within each request's limits."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial

from edgewright.cache.node_cache import WorkerCache
from edgewright.config.limits import Limits
from edgewright.config.worker_config import Service
from edgewright.gateway.active import ActiveRequest, ServiceOp
from edgewright.gateway.body_table import BodyTable
from edgewright.gateway.channel import Channel
from edgewright.gateway.connections import STALLED, ClosedBody, Connections
from edgewright.gateway.ports import PortTable
from edgewright.gateway.service_fetch import ServiceFetch
from edgewright.gateway.services import Services
from edgewright.messages import IDEMPOTENT, Body, BodyError, Request
from edgewright.protocol.messages import (
    FailureEvent,
    FetchCommand,
    ProtocolViolation,
    ResponseEvent,
)
from edgewright.subrequest.client import SubrequestClient
from edgewright.subrequest.redirects import TOO_MANY, Redirects
from edgewright.subrequest.upstream import (
    SubrequestError,
    UpstreamResponse,
    header,
)


class Subrequests:
    """What the requests of an isolate have under way. `services` are what the Worker can call,
    `warn` writes into a request's log."""

    def __init__(
        self,
        channel: Channel,
        bodies: BodyTable,
        ports: PortTable,
        client: SubrequestClient,
        limits: Limits,
        services: Services,
        cache: WorkerCache,
        *,
        warn: Callable[[ActiveRequest, str], None],
    ) -> None:
        self._channel = channel
        self._bodies = bodies
        self._ports = ports
        self._client = client
        self._limits = limits
        self._services = services
        self._cache = cache
        self._warn = warn
        self._queueing: set[ActiveRequest] = set()
        """Requests with subrequests that wait for a connection."""

    def fetch(self, active: ActiveRequest, command: FetchCommand, inline: bytes) -> None:
        """Makes a subrequest, or queues it. Raises ProtocolViolation."""
        if len(command.headers) % 2:
            raise ProtocolViolation("a header without a value")
        service = self._services.target(command.service, command.entrypoint, command.props)
        if not self.may_start(active):
            self._bodies.refuse(command)
            self._channel.post(FailureEvent(command.op, "Error", TOO_MANY))
            return
        if active.trace is not None:
            active.trace.fetch(
                command.op, command.method, command.url, command.headers, command.service
            )
        try:
            body, _ = self._bodies.upload(active, command, inline, command.headers)
        except BodyError as error:
            self._channel.post(FailureEvent(command.op, "TypeError", str(error)))
            return
        if command.method not in IDEMPOTENT:
            active.unsafe = True
        if service is not None:
            self._start_service(active, command, service, body)
            return
        if self._takes_connection(active, command.op):
            self._start(active, command, body)
        else:
            start = partial(self._start, active, command, body, queued=True)
            self._queue(active, command.op, start, body)

    def when_free(
        self, active: ActiveRequest, op: int, start: Callable[[], None], body: bytes | Body | None
    ) -> None:
        """Calls `start` as soon as there is a connection for the op, now if possible. `body` is let
        go of if that never comes."""
        if self._takes_connection(active, op):
            start()
        else:
            self._queue(active, op, start, body)

    def _takes_connection(self, active: ActiveRequest, op: int) -> bool:
        if active.connections is None:
            active.connections = Connections(self._limits.connections)
        return active.connections.take(op)

    def _queue(
        self, active: ActiveRequest, op: int, start: Callable[[], None], body: bytes | Body | None
    ) -> None:
        assert active.connections is not None
        active.ops[op] = active.connections.queue(op, start, body)
        self._queueing.add(active)

    def _start_service(
        self,
        active: ActiveRequest,
        command: FetchCommand,
        service: Service,
        body: bytes | Body | None,
    ) -> None:
        """Another Worker answers: no connection, and so none of the request's."""
        request = Request(
            command.method,
            command.url,
            command.headers,
            body,
            command.cf,
            entrypoint=service.entrypoint,
            props=service.props,
        )
        if active.trace is not None and (note := active.trace.fetches.get(command.op)):
            request.caller = active.trace, note
        request.cause = ServiceOp(active, command.op)
        request.for_tail = active.request.for_tail
        active.ops[command.op] = ServiceFetch(
            self._services,
            service,
            request,
            active.depth,
            Redirects(command.redirect, partial(self.may_start, active)),
            partial(self.fetched, active, command.op),
        )

    def may_start(self, active: ActiveRequest) -> bool:
        """Counts one more subrequest; whether the request may make it."""
        active.subrequests += 1
        return active.subrequests <= self._limits.subrequests

    def _start(
        self,
        active: ActiveRequest,
        command: FetchCommand,
        body: bytes | Body | None,
        *,
        queued: bool = False,
    ) -> None:
        trace = None if active.trace is None else active.trace.fetches.get(command.op)
        if trace is not None:
            trace.started = time.perf_counter() if queued else trace.asked
        try:
            active.ops[command.op] = self._client.start(
                command.method,
                command.url,
                command.headers,
                body,
                command.redirect,
                partial(self.fetched, active, command.op),
                partial(self.may_start, active),
                self._limits.websocket_message_mb << 20,
                trace,
                self._cache.transport(command.url, command.cf),
            )
        except SubrequestError as error:
            active.ops.pop(command.op, None)
            self._bodies.uploaded(active, command.op)
            self._channel.post(FailureEvent(command.op, error.name, error.message))
            self.release(active, command.op)

    def release(self, active: ActiveRequest, op: int) -> None:
        """A subrequest needs its connection no more."""
        connections = active.connections
        if connections is not None:
            connections.release(op)
            if self._queueing and not connections.waiting:
                self._queueing.discard(active)

    def unblock(self) -> None:
        """Where all connections of a request are open for bodies that it does not read, and others
        wait for them, the one that was not used for longest is closed."""
        for active in list(self._queueing):
            if active.connections is None:
                continue
            idle = [
                stream
                for id in active.streams
                if (stream := self._bodies.stream(id)) is not None
                and stream.op in active.connections.open
                and (stream.reading is None or stream.reading.done())
            ]
            if len(idle) < len(active.connections.open):
                continue
            stalled = min(idle, key=lambda stream: stream.used)
            stalled.discard()
            stalled.body, stalled.coding = ClosedBody(), None
            self._warn(active, STALLED)
            op, stalled.op = stalled.op, None
            if op is not None:
                active.bodies.pop(op, None)
                self.release(active, op)

    def fetched(
        self, active: ActiveRequest, op: int, upstream: UpstreamResponse | SubrequestError
    ) -> None:
        """Tells the isolate what came of an op."""
        del active.ops[op]
        if active.uploads:
            self._bodies.uploaded(active, op)
        if active.trace is not None:
            active.trace.fetched(op, upstream)
        if isinstance(upstream, SubrequestError):
            self._channel.post(FailureEvent(op, upstream.name, upstream.message))
            self.release(active, op)
            return
        body = upstream.body
        if body is None or isinstance(body, bytes):
            inline, stream = body, None
            self.release(active, op)
        else:
            active.bodies[op] = body
            inline = None
            stream = self._bodies.keep(active, body, header(upstream.headers, "content-encoding"))
            if (kept := self._bodies.stream(stream)) is not None:
                kept.op, kept.used = op, time.perf_counter()
        socket = upstream.websocket
        self._channel.post(
            ResponseEvent(
                op,
                upstream.status,
                upstream.status_text,
                upstream.headers,
                upstream.url,
                upstream.redirected,
                None if inline is None else len(inline),
                stream,
                None if socket is None else self._ports.hold(active, socket),
            ),
            inline or b"",
        )

    def cancel(self, active: ActiveRequest, op: int) -> bool:
        """Gives an op of the request up, a subrequest or a timer; whether it was one of its."""
        if (running := active.ops.pop(op, None)) is not None:
            running.cancel()
            self._bodies.uploaded(active, op)
            self.release(active, op)
        elif (body := active.bodies.pop(op, None)) is not None:
            body.break_off("The operation was aborted.")
        else:
            return False
        return True

    def forget(self, active: ActiveRequest) -> None:
        """The request has ended."""
        for op in list(active.uploads):
            self._bodies.uploaded(active, op)
        self._queueing.discard(active)
